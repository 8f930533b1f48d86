{{ config(materialized='view') }}

with shop_days as (
    select * from {{ ref('mart_shop_sales_daily') }}
),

hours as (
    select
        merchant_id,
        occurred_on,
        gmv_reporting,
        order_count,
        customer_count,
        below_limit_count,
        (order_count::numeric / customer_count)::numeric(12, 4)
            as brushing_ratio
    from {{ ref('mart_shop_hours') }}
),

suspicions as (
    select
        shop_days.merchant_id,
        shop_days.occurred_on,
        shop_days.currency,
        daily.*
    from shop_days,
        lateral (
            values
            (
                'orders_below_limit', shop_days.below_limit_count >= 1,
                shop_days.below_limit_count, shop_days.below_limit_amount,
                null::numeric,
                'orders below the value limit of their currency'
            ),
            (
                'own_shop_orders', shop_days.own_shop_count >= 1,
                shop_days.own_shop_count, shop_days.own_shop_amount,
                null::numeric,
                'orders of the owner at the own shop'
            )
        ) as daily (reason, holds, evidence_count, evidence_amount, ratio, said)
    where daily.holds
    union all
    select
        hours.merchant_id,
        hours.occurred_on,
        '{{ var("reporting_currency") }}' as currency,
        hourly.*
    from hours,
        lateral (
            values
            (
                'order_boosting',
                hours.below_limit_count >= {{ var('boosting_orders') }},
                hours.below_limit_count, hours.gmv_reporting,
                hours.brushing_ratio,
                'orders below the value limit in an hour'
            ),
            (
                'order_brushing',
                hours.brushing_ratio >= {{ var('brushing_ratio') }}
                and hours.order_count >= {{ var('brushing_orders') }},
                hours.order_count, hours.gmv_reporting,
                hours.brushing_ratio,
                'orders in an hour by few customers'
            )
        ) as hourly (
            reason, holds, evidence_count, evidence_amount, ratio, said
        )
    where hourly.holds
),

final as (
    select
        merchant_id,
        occurred_on as suspected_on,
        reason,
        currency,
        sum(evidence_count)::bigint as evidence_count,
        sum(evidence_amount)::numeric(38, 4) as evidence_amount,
        max(ratio)::numeric(12, 4) as brushing_ratio,
        sum(evidence_count) || ' ' || said as evidence
    from suspicions
    group by merchant_id, occurred_on, currency, reason, said
)

select * from final
