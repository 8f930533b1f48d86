{%- set keys = ['merchant_id', 'hour_at'] -%}
{{ kept_by(keys, looked_up=['occurred_on']) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        merchant_id,
        hour_at,
        ingest_id,
        label_ingest_id,
        occurred_on,
        order_change as order_count,
        customer_shop_hour_change as customer_count,
        order_change * is_below_limit::integer as below_limit_count,
        confirmed_fraud_change as confirmed_fraud_count,
        case when is_sale then order_change * amount_reporting else 0 end
            as gmv_reporting
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'customer_count', 'below_limit_count',
            'confirmed_fraud_count',
        ],
        sums={'gmv_reporting': 'numeric(38, 4)'},
        least={'occurred_on': 'date'}
    )
}}

select * from final
