{#- Configures a model that folds: one row per `keys`, written anew when entries
    touch it, with indexes on its marks and on what else it is `looked_up` by. -#}
{% macro kept_by(
    keys, looked_up=[], marks=['ingest_id', 'label_ingest_id']
) -%}
    {%- set indexes = [{'columns': keys, 'unique': true}] -%}
    {%- do indexes.append({'columns': looked_up}) if looked_up -%}
    {%- for mark in marks -%}
        {%- do indexes.append({'columns': ['last_' ~ mark]}) -%}
    {%- endfor -%}
    {{ config(
        incremental_strategy='delete+insert', unique_key=keys, indexes=indexes
    ) }}
{%- endmacro %}


{#- The CTE `final`: one row per `keys` of the CTE `entries`, which holds only
    what this model has not seen, added to the row that the model holds already.

    `counts` and `money` are columns to add up, `money` each with its twin in
    the reporting currency; `sums`, `least` and `greatest` are {column: type}.
    Entries carry signed numbers, so that what was counted before is corrected
    by adding: a run costs what came in, a late order or label reaches every key
    that it touches, and the sum is what a full refresh comes to. What is null
    (an amount in a currency without a rate) adds nothing. `limit 1` makes
    Postgres look each key up, where it might read the whole model. -#}
{% macro fold(
    keys, counts=[], money=[], sums={}, least={}, greatest={},
    marks=['ingest_id', 'label_ingest_id']
) -%}
{%- set added = {} -%}
{%- for column in counts -%}
    {%- do added.update({column: 'bigint'}) -%}
{%- endfor -%}
{%- for column in money -%}
    {%- do added.update({
        column: 'numeric(38, 4)', column ~ '_reporting': 'numeric(38, 4)'
    }) -%}
{%- endfor -%}
{%- do added.update(sums) -%}
{%- set latest = dict(greatest) -%}
{%- for mark in marks -%}
    {%- do latest.update({'last_' ~ mark: 'bigint'}) -%}
{%- endfor -%}
{%- set chosen = {'min': least, 'max': greatest} -%}
delta as (
    select
        {{ keys | join(", ") }},
        {%- for column in added %}
        coalesce(sum({{ column }}), 0) as {{ column }},
        {%- endfor %}
        {%- for function, columns in chosen.items() %}
        {%- for column in columns %}
        {{ function }}({{ column }}) as {{ column }},
        {%- endfor %}
        {%- endfor %}
        {%- for mark in marks %}
        max({{ mark }}) as last_{{ mark }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from entries
    group by {{ keys | join(", ") }}
),

final as (
    select
        {%- for column, type in added.items() %}
        (
            delta.{{ column }}
            {%- if is_incremental() %} + coalesce(held.{{ column }}, 0)
            {%- endif %}
        )::{{ type }} as {{ column }},
        {%- endfor %}
        {%- for function, columns in (
            ('least', least), ('greatest', latest)
        ) %}
        {%- for column, type in columns.items() %}
        {{ function }}(
            delta.{{ column }}
            {%- if is_incremental() %}, held.{{ column }}{% endif %}
        )::{{ type }} as {{ column }},
        {%- endfor %}
        {%- endfor %}
        {%- for key in keys %}
        delta.{{ key }}
        {{- "," if not loop.last }}
        {%- endfor %}
    from delta
    {%- if is_incremental() %}
    left join lateral (
        select *
        from {{ this }} as target
        where
            {%- for key in keys %}
            {{ "and " if not loop.first -}}
            target.{{ key }} = delta.{{ key }}
            {%- endfor %}
        limit 1
    ) as held on true
    {%- endif %}
)
{%- endmacro %}

{#- The columns `name` and `<name>_reporting` of an entry: its order's amount,
    with the sign of `change`, where `condition` holds. -#}
{% macro money(
    name, condition, change='order_change', column='amount'
) -%}
    {%- for suffix in ('', '_reporting') -%}
    case
            when {{ condition }} then {{ change }} * {{ column }}{{ suffix }}
            else 0
        end as {{ name }}{{ suffix }}
    {{- ",\n        " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- What was found to be true of the orders: by chargebacks and reviews, and apart
    from them by the simulation. -#}
{% macro verdict_counts() -%}
    confirmed_fraud_change as confirmed_fraud_count,
        confirmed_legitimate_change as confirmed_legitimate_count,
        simulated_fraud_change as simulated_fraud_count,
        simulated_legitimate_change as simulated_legitimate_count
{%- endmacro %}
