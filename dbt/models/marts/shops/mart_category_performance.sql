{%- set keys = ['merchant_category', 'currency'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        merchant_category,
        currency,
        ingest_id,
        label_ingest_id,
        order_change as order_count,
        order_change * is_sale::integer as sale_count,
        order_change * is_refund::integer as refund_count,
        customer_category_change as customer_count,
        order_change * is_flagged::integer as flagged_count,
        {{ verdict_counts() }},
        {{ money('gmv', 'is_sale') }},
        {{ money('refund_amount', 'is_refunded') }},
        {{
            money(
                'discount_amount', 'is_sale', 'order_change',
                'discount_amount'
            )
        }},
        {{
            money('loss', 'true', 'confirmed_fraud_change', 'lost_if_fraud')
        }}
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'refund_count', 'customer_count',
            'flagged_count', 'confirmed_fraud_count',
            'confirmed_legitimate_count', 'simulated_fraud_count',
            'simulated_legitimate_count',
        ],
        money=[
            'gmv', 'refund_amount', 'discount_amount', 'loss',
        ]
    )
}}

select * from final
