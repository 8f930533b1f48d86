{#- One row per `key` of stg_transactions with the latest known value of each of
    `attributes` ({name: type}): of the orders that carry the attribute, the one
    with the latest event time, then the highest ingest_id.

    A value travels with its order's place in time as an array {place, value};
    the greatest array is the latest value. Greatest of greatest is greatest, so
    a run folds the new orders into the rows that it made before and comes to
    what a full refresh comes to, however late an order lands. The places of the
    kept values stay in `attribute_places` for the next run. -#}
{% macro latest_known(key, attributes) -%}
orders as (
    select
        *,
        to_char(occurred_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
        || lpad(ingest_id::text, 19, '0') as place
    from transactions
    where {{ key }} is not null
),

observations as (
    select
        {{ key }},
        occurred_at as first_transaction_at,
        occurred_at as last_transaction_at,
        ingest_id as last_ingest_id
        {%- for attribute in attributes %},
        case
            when {{ attribute }} is not null
                then array[place, {{ attribute }}::text]
        end as {{ attribute }}
        {%- endfor %}
    from orders
    {%- if is_incremental() %}
    union all
    select
        {{ key }},
        first_transaction_at,
        last_transaction_at,
        last_ingest_id
        {%- for attribute in attributes %},
        case
            when {{ attribute }} is not null
                then array[
                    attribute_places ->> '{{ attribute }}',
                    {{ attribute }}::text
                ]
        end as {{ attribute }}
        {%- endfor %}
    -- Looked up key by key: `offset 0` keeps Postgres from reading the whole
    -- model.
    from (select distinct {{ key }} as touched_key from orders) as touched
    cross join lateral (
        select * from {{ this }} as held
        where held.{{ key }} = touched.touched_key
        offset 0
    ) as held
    {%- endif %}
),

latest as (
    select
        {{ key }},
        min(first_transaction_at) as first_transaction_at,
        max(last_transaction_at) as last_transaction_at,
        max(last_ingest_id) as last_ingest_id
        {%- for attribute in attributes %},
        max({{ attribute }}) as {{ attribute }}
        {%- endfor %}
    from observations
    group by {{ key }}
),

final as (
    select
        {{ key }},
        {%- for attribute, type in attributes.items() %}
        {{ attribute }}[2]::{{ type }} as {{ attribute }},
        {%- endfor %}
        first_transaction_at,
        last_transaction_at,
        last_ingest_id,
        jsonb_strip_nulls(jsonb_build_object(
            {%- for attribute in attributes %}
            '{{ attribute }}', {{ attribute }}[1]
            {{- "," if not loop.last }}
            {%- endfor %}
        )) as attribute_places
    from latest
)
{%- endmacro %}
