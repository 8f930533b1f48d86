{%- set keys = ['merchant_id', 'occurred_on', 'currency'] -%}
{{ kept_by(keys, looked_up=['occurred_on']) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        merchant_id,
        occurred_on,
        currency,
        ingest_id,
        label_ingest_id,
        order_change as order_count,
        order_change * is_sale::integer as sale_count,
        order_change * is_accepted::integer as accepted_count,
        order_change * is_refund::integer as refund_count,
        customer_shop_day_change as customer_count,
        order_change * is_below_limit::integer as below_limit_count,
        order_change * is_own_shop::integer as own_shop_count,
        order_change * is_flagged::integer as flagged_count,
        confirmed_fraud_change as confirmed_fraud_count,
        {{ money('gmv', 'is_sale') }},
        {{ money('accepted_amount', 'is_accepted') }},
        {{ money('refund_amount', 'is_refunded') }},
        {{
            money(
                'discount_amount', 'is_sale', 'order_change',
                'discount_amount'
            )
        }},
        {{ money('below_limit_amount', 'is_below_limit') }},
        {{ money('own_shop_amount', 'is_own_shop') }},
        {{
            money('loss', 'true', 'confirmed_fraud_change', 'lost_if_fraud')
        }}
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'accepted_count', 'refund_count',
            'customer_count', 'below_limit_count', 'own_shop_count',
            'flagged_count', 'confirmed_fraud_count',
        ],
        money=[
            'gmv', 'accepted_amount', 'refund_amount', 'discount_amount',
            'below_limit_amount', 'own_shop_amount', 'loss',
        ]
    )
}}

select * from final
