{%- set keys = ['customer_id', 'currency'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        customer_id,
        currency,
        ingest_id,
        label_ingest_id,
        occurred_at as first_transaction_at,
        occurred_at as last_transaction_at,
        case when is_accepted then occurred_at end as last_purchase_at,
        order_change as order_count,
        order_change * is_refund::integer as refund_count,
        order_change * is_accepted::integer as purchase_count,
        customer_day_change as active_day_count,
        customer_shop_change as shop_count,
        customer_category_change as category_count,
        order_change * has_voucher::integer as voucher_count,
        order_change * is_flagged::integer as flagged_count,
        {{ verdict_counts() }},
        chargeback_change as chargeback_count,
        {{ money('spend', 'is_accepted') }},
        {{ money('refund_amount', 'is_refunded') }},
        {{
            money('loss', 'true', 'confirmed_fraud_change', 'lost_if_fraud')
        }},
        order_change * score::numeric as score_sum,
        score as maximum_score
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'refund_count', 'purchase_count',
            'active_day_count', 'shop_count', 'category_count',
            'voucher_count', 'flagged_count', 'confirmed_fraud_count',
            'confirmed_legitimate_count', 'simulated_fraud_count',
            'simulated_legitimate_count', 'chargeback_count',
        ],
        money=[
            'spend', 'refund_amount', 'loss',
        ],
        sums={'score_sum': 'numeric(38, 18)'},
        least={'first_transaction_at': 'timestamptz'},
        greatest={
            'last_transaction_at': 'timestamptz',
            'last_purchase_at': 'timestamptz',
            'maximum_score': 'double precision',
        }
    )
}}

select * from final
