{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('vw_customer_totals') }}
),

final as (
    select
        customer_id,
        case
            when confirmed_fraud_count >= {{ var('blacklist_fraud') }}
                then 'Blacklist'
            when confirmed_fraud_count >= {{ var('watchlist_fraud') }}
                then 'Watchlist'
            else 'Good standing'
        end as standing,
        confirmed_fraud_count,
        chargeback_count,
        flagged_count,
        order_count,
        {{ share('confirmed_fraud_count', 'order_count') }}
            as confirmed_fraud_share,
        loss_reporting,
        last_transaction_at
    from customers
)

select * from final
