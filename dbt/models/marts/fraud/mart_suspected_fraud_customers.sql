{{ config(materialized='view') }}

with days as (
    select * from {{ ref('mart_customer_days') }}
),

suspicions as (
    select
        days.customer_id,
        days.occurred_on,
        days.currency,
        days.order_count,
        suspicion.*
    from days,
        lateral (
            values
            (
                'orders_below_limit',
                days.below_limit_count >= 1,
                days.below_limit_count,
                days.below_limit_amount,
                'orders below the value limit of their currency'
            ),
            (
                'several_rebates_a_day',
                days.rebate_count > 1,
                days.rebate_count,
                days.rebate_amount,
                'orders with a rebate on one day'
            ),
            (
                'repeated_orders_at_a_shop',
                days.order_count - days.shop_count
                >= {{ var('repeated_orders') }},
                days.order_count - days.shop_count,
                days.gmv,
                'further orders at shops ordered from on the same day'
            ),
            (
                'own_shop_orders',
                days.own_shop_count >= 1,
                days.own_shop_count,
                days.own_shop_amount,
                'orders at a shop of their own'
            ),
            (
                'confirmed_fraud',
                days.confirmed_fraud_count >= 1,
                days.confirmed_fraud_count,
                days.confirmed_fraud_amount,
                'orders found to be fraud by a chargeback or a review'
            )
        ) as suspicion (reason, holds, evidence_count, evidence_amount, said)
    where suspicion.holds
),

final as (
    select
        customer_id,
        occurred_on as suspected_on,
        reason,
        currency,
        order_count,
        evidence_count,
        evidence_amount::numeric(38, 4) as evidence_amount,
        evidence_count || ' ' || said as evidence
    from suspicions
)

select * from final
