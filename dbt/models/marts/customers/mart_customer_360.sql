{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('vw_customer_totals') }}
),

profiles as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

standings as (
    select * from {{ ref('mart_customer_watchlist') }}
),

placed as (
    select
        *,
        percent_rank() over (order by spend_reporting) as spend_position,
        greatest(days_since_first, 30) / 30.0 as active_months
    from customers
),

final as (
    select
        placed.customer_id,
        profiles.customer_country,
        placed.first_transaction_at,
        placed.last_transaction_at,
        placed.order_count,
        placed.purchase_count,
        placed.refund_count,
        placed.active_day_count,
        placed.shop_count,
        placed.spend_reporting,
        placed.spend_by_currency,
        {{ customer_segment() }} as segment,
        case
            when placed.spend_position >= {{ var('vip_percentile') }}
                then 'VIP'
            when placed.spend_position >= {{ var('medium_percentile') }}
                then 'Medium'
            else 'Standard'
        end as value_tier,
        {{ activity_score() }} as activity_score,
        {{ retention('placed.days_since_purchase') }} as retention_status,
        {{ profile_completeness() }} as profile_completeness,
        placed.flagged_count,
        placed.confirmed_fraud_count,
        placed.average_score,
        placed.maximum_score,
        standings.standing,
        case
            when standings.standing = 'Blacklist' then 'critical'
            when standings.standing = 'Watchlist' then 'high'
            when placed.flagged_count > 0 then 'medium'
            else 'low'
        end as risk_level
    from placed
    left join profiles on placed.customer_id = profiles.customer_id
    left join standings on placed.customer_id = standings.customer_id
)

select * from final
