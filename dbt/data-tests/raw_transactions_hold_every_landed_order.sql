-- As far as raw_transactions reaches, it holds every order that was landed.
with flattened as (
    select
        count(*) as orders,
        coalesce(max(ingest_id), 0) as reach
    from {{ ref('raw_transactions') }}
),

landed as (
    select count(*) as orders
    from {{ source('stream', 'transactions_stream') }}
    where ingest_id <= (select flattened.reach from flattened)
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
