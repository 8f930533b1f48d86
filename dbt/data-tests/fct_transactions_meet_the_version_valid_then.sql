-- An order's version of its customer holds at the order's time.
with orders as (
    select * from {{ ref('fct_transactions') }}
    where {{ newest_rows(ref('fct_transactions')) }}
),

versions as (
    select * from {{ ref('dim_customer') }}
),

final as (
    select
        orders.transaction_id,
        orders.occurred_at,
        versions.valid_from,
        versions.valid_to
    from orders
    inner join versions
        on orders.customer_version_id = versions.customer_version_id
    where
        orders.customer_id != versions.customer_id
        or orders.occurred_at < versions.valid_from
        or orders.occurred_at >= versions.valid_to
)

select * from final
