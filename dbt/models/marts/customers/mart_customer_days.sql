{%- set keys = ['customer_id', 'occurred_on', 'currency'] -%}
{{ kept_by(keys, looked_up=['occurred_on']) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        customer_id,
        occurred_on,
        currency,
        ingest_id,
        label_ingest_id,
        order_change as order_count,
        order_change * is_sale::integer as sale_count,
        customer_shop_day_change as shop_count,
        order_change * is_below_limit::integer as below_limit_count,
        order_change * has_rebate::integer as rebate_count,
        order_change * is_own_shop::integer as own_shop_count,
        order_change * is_flagged::integer as flagged_count,
        confirmed_fraud_change as confirmed_fraud_count,
        {{ money('gmv', 'is_sale') }},
        {{ money('below_limit_amount', 'is_below_limit') }},
        {{
            money(
                'rebate_amount', 'has_rebate', 'order_change',
                'discount_amount'
            )
        }},
        {{ money('rebate_gmv', 'has_rebate') }},
        {{ money('own_shop_amount', 'is_own_shop') }},
        {{ money('confirmed_fraud_amount', 'true', 'confirmed_fraud_change') }}
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'shop_count', 'below_limit_count',
            'rebate_count', 'own_shop_count', 'flagged_count',
            'confirmed_fraud_count',
        ],
        money=[
            'gmv', 'below_limit_amount', 'rebate_amount', 'rebate_gmv',
            'own_shop_amount', 'confirmed_fraud_amount',
        ]
    )
}}

select * from final
