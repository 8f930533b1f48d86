{%- set keys = ['merchant_id', 'currency'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        merchant_id,
        currency,
        ingest_id,
        label_ingest_id,
        occurred_at as first_transaction_at,
        occurred_at as last_transaction_at,
        order_change as order_count,
        order_change * is_sale::integer as sale_count,
        order_change * is_refund::integer as refund_count,
        customer_shop_change as customer_count,
        order_change * is_below_limit::integer as below_limit_count,
        order_change * is_own_shop::integer as own_shop_count,
        order_change * is_flagged::integer as flagged_count,
        {{ verdict_counts() }},
        chargeback_change as chargeback_count,
        {{ money('gmv', 'is_sale') }},
        {{ money('accepted_amount', 'is_accepted') }},
        {{ money('refund_amount', 'is_refunded') }},
        {{
            money('loss', 'true', 'confirmed_fraud_change', 'lost_if_fraud')
        }},
        order_change * score::numeric as score_sum
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'refund_count', 'customer_count',
            'below_limit_count', 'own_shop_count', 'flagged_count',
            'confirmed_fraud_count', 'confirmed_legitimate_count',
            'simulated_fraud_count', 'simulated_legitimate_count',
            'chargeback_count',
        ],
        money=[
            'gmv', 'accepted_amount', 'refund_amount', 'loss',
        ],
        sums={'score_sum': 'numeric(38, 18)'},
        least={'first_transaction_at': 'timestamptz'},
        greatest={'last_transaction_at': 'timestamptz'}
    )
}}

select * from final
