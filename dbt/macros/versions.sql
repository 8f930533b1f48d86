{#- The history of each `key` of the CTE `transactions`: one row per span of time
    in which none of `attributes` ({name: type}) changed, ending in the CTE `final`.

    An order says what was true from its event time on; what it does not carry
    stays as it was, and of several orders of one instant the one landed last
    counts. So a version starts where the state after an instant differs from
    the state before it.

    An incremental run asks whether a new order contradicts the version valid at
    its time. Most agree, and then only the key's `last_ingest_id` moves on. For
    the others the versions before the first contradiction stand, and serve as
    observations of what was known by then; from there on the key's orders are
    read again. That comes to what a full refresh comes to, however late an
    order lands, and costs what the new orders touch. -#}
{% macro versions(key, version_id, attributes) -%}
{%- set new = ingest_window('orders.ingest_id', seen='last_ingest_id') -%}
{%- set changes = [] -%}
{%- for attribute in attributes -%}
    {%- do changes.append(
        "orders." ~ attribute ~ " is not null and orders." ~ attribute
        ~ " is distinct from known." ~ attribute
    ) -%}
{%- endfor -%}
newest as (
    select
        {{ key }},
        max(ingest_id) as last_ingest_id
    from transactions as orders
    where {{ key }} is not null and {{ new }}
    group by {{ key }}
),

{% if is_incremental() -%}
-- Looked up key by key: `offset 0` keeps Postgres from reading the whole model.
known as (
    select held.*
    from newest
    cross join lateral (
        select * from {{ this }} as version
        where version.{{ key }} = newest.{{ key }}
        offset 0
    ) as held
),

contradicted as (
    select
        orders.{{ key }},
        min(orders.occurred_at) as since
    from transactions as orders
    left join known
        on
            orders.{{ key }} = known.{{ key }}
            and orders.occurred_at >= known.valid_from
            and (known.valid_to is null or orders.occurred_at < known.valid_to)
    where
        orders.{{ key }} is not null
        and {{ new }}
        and (
            known.{{ key }} is null
            or {{ changes | join("\n            or ") }}
        )
    group by orders.{{ key }}
),

observations as (
    select orders.*
    from contradicted
    cross join lateral (
        select
            {{ key }},
            occurred_at,
            ingest_id
            {%- for attribute in attributes %},
            {{ attribute }}
            {%- endfor %}
        from transactions
        where
            transactions.{{ key }} = contradicted.{{ key }}
            and transactions.occurred_at >= contradicted.since
        offset 0
    ) as orders
    union all
    select
        known.{{ key }},
        known.valid_from as occurred_at,
        0 as ingest_id
        {%- for attribute in attributes %},
        known.{{ attribute }}
        {%- endfor %}
    from contradicted
    inner join known
        on
            contradicted.{{ key }} = known.{{ key }}
            and contradicted.since > known.valid_from
),
{%- else -%}
observations as (
    select
        {{ key }},
        occurred_at,
        ingest_id
        {%- for attribute in attributes %},
        {{ attribute }}
        {%- endfor %}
    from transactions
    where {{ key }} is not null
),
{%- endif %}

{#- Most orders repeat what the one before said, and change nothing. -#}
said_before as (
    select
        *,
        row_number() over said as place,
        row(
            {%- for attribute in attributes %}
            {{ attribute }}{{ "," if not loop.last }}
            {%- endfor %}
        )::text as said,
        lag(
            row(
                {%- for attribute in attributes %}
                {{ attribute }}{{ "," if not loop.last }}
                {%- endfor %}
            )::text
        ) over said as said_before
    from observations
    window said as (partition by {{ key }} order by occurred_at, ingest_id)
),

states as (
    select
        {{ key }},
        occurred_at,
        lead(occurred_at) over later as next_at
        {%- for attribute in attributes %},
        max(
            case
                when {{ attribute }} is not null
                    then array[
                        lpad(place::text, 19, '0'), {{ attribute }}::text
                    ]
            end
        ) over later as {{ attribute }}
        {%- endfor %}
    from said_before
    where said is distinct from said_before
    window later as (partition by {{ key }} order by place)
),

changed as (
    select
        *,
        array[
            {%- for attribute in attributes %}
            {{ attribute }}[2]{{ "," if not loop.last }}
            {%- endfor %}
        ] as state,
        lag(
            array[
                {%- for attribute in attributes %}
                {{ attribute }}[2]{{ "," if not loop.last }}
                {%- endfor %}
            ]
        ) over (partition by {{ key }} order by occurred_at) as state_before
    from states
    where next_at is distinct from occurred_at
),

versions as (
    select
        {{ key }},
        {%- for attribute, type in attributes.items() %}
        {{ attribute }}[2]::{{ type }} as {{ attribute }},
        {%- endfor %}
        occurred_at as valid_from,
        lead(occurred_at) over (partition by {{ key }} order by occurred_at)
            as valid_to
    from changed
    where state is distinct from state_before
    {%- if is_incremental() %}
    union all
    select
        {{ key }},
        {%- for attribute in attributes %}
        {{ attribute }},
        {%- endfor %}
        valid_from,
        valid_to
    from known
    where {{ key }} not in (select contradicted.{{ key }} from contradicted)
    {%- endif %}
),

final as (
    select
        versions.{{ key }}
        || to_char(
            versions.valid_from at time zone 'UTC',
            '@YYYY-MM-DD"T"HH24:MI:SS.US'
        ) as {{ version_id }},
        versions.{{ key }},
        {%- for attribute in attributes %}
        versions.{{ attribute }},
        {%- endfor %}
        versions.valid_from,
        versions.valid_to,
        versions.valid_to is null as is_current,
        newest.last_ingest_id
    from versions
    inner join newest on versions.{{ key }} = newest.{{ key }}
)
{%- endmacro %}
