-- As far as raw_transactions reaches, it holds every order that was landed and
-- that retention has not dropped yet.
{%- set tested = newest_rows(ref('raw_transactions')) %}
with flattened as (
    select
        count(*) as orders,
        coalesce(max(ingest_id), 0) as reach
    from {{ ref('raw_transactions') }}
    where
        {{ tested }}
        and ingest_id >= (
            select coalesce(min(landed.ingest_id), 0)
            from {{ source('stream', 'transactions_stream') }} as landed
        )
),

landed as (
    select count(*) as orders
    from {{ source('stream', 'transactions_stream') }}
    where {{ tested }} and ingest_id <= (select flattened.reach from flattened)
),

final as (
    select
        landed.orders as landed_orders,
        flattened.orders as flattened_orders
    from landed
    cross join flattened
    where landed.orders != flattened.orders
)

select * from final
