{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('vw_customer_totals') }}
    where purchase_count > 0
),

threshold as (
    select
        (
            percentile_cont({{ var('high_value_percentile') }})
            within group (order by spend_reporting)
        )::numeric(38, 4) as spend_threshold_reporting
    from customers
),

final as (
    select
        customers.customer_id,
        customers.spend_reporting,
        threshold.spend_threshold_reporting,
        customers.purchase_count,
        customers.last_purchase_at,
        customers.days_since_purchase,
        {{ retention('customers.days_since_purchase') }} as retention_status
    from customers
    cross join threshold
    where customers.spend_reporting > threshold.spend_threshold_reporting
)

select * from final
