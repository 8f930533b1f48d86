{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('vw_customer_totals') }}
),

ranked as (
    select
        customer_id,
        purchase_count,
        spend_reporting,
        row_number() over (
            order by purchase_count desc, spend_reporting desc, customer_id asc
        ) as purchase_rank,
        row_number() over (
            order by spend_reporting desc, purchase_count desc, customer_id asc
        ) as spend_rank,
        count(*) over () as customer_count
    from customers
),

final as (
    select
        customer_id,
        purchase_count,
        purchase_rank,
        {{ tier('purchase_rank', 'customer_count') }} as purchase_tier,
        spend_reporting,
        spend_rank,
        {{ tier('spend_rank', 'customer_count') }} as spend_tier,
        customer_count
    from ranked
)

select * from final
