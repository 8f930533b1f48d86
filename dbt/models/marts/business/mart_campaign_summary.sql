{%- set keys = ['campaign', 'currency'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        campaign,
        currency,
        ingest_id,
        label_ingest_id,
        occurred_at as first_transaction_at,
        occurred_at as last_transaction_at,
        order_change as order_count,
        customer_campaign_change as customer_count,
        shop_campaign_change as shop_count,
        order_change * has_voucher::integer as voucher_order_count,
        order_change * has_rebate::integer as vouchers_used,
        order_change * is_flagged::integer as flagged_count,
        {{ verdict_counts() }},
        {{ money('gmv', 'is_sale') }},
        {{
            money(
                'rebate_amount', 'has_rebate', 'order_change',
                'discount_amount'
            )
        }}
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'customer_count', 'shop_count',
            'voucher_order_count', 'vouchers_used', 'flagged_count',
            'confirmed_fraud_count', 'confirmed_legitimate_count',
            'simulated_fraud_count', 'simulated_legitimate_count',
        ],
        money=[
            'gmv', 'rebate_amount',
        ],
        least={'first_transaction_at': 'timestamptz'},
        greatest={'last_transaction_at': 'timestamptz'}
    )
}}

select * from final
