{%- set keys = ['product_id', 'currency'] -%}
{{ kept_by(keys, marks=['ingest_id']) }}

with purchases as (
    select * from {{ ref('fct_product_purchases') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

entries as (
    select
        product_id,
        currency,
        ingest_id,
        category,
        occurred_at as first_sold_at,
        occurred_at as last_sold_at,
        1 as order_count,
        is_sale::integer as sale_count,
        is_refund::integer as refund_count,
        customer_change as customer_count,
        repeat_customer_change as repeat_customer_count,
        case when is_sale then unit_count else 0 end as unit_count,
        case when is_refund then unit_count else 0 end as refunded_unit_count,
        case when is_sale then amount else 0 end as gmv,
        case when is_sale then amount_reporting else 0 end
            as gmv_reporting,
        case when is_refund then amount else 0 end as refund_amount,
        case when is_refund then amount_reporting else 0 end
            as refund_amount_reporting
    from purchases
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'refund_count', 'customer_count',
            'repeat_customer_count',
        ],
        money=[
            'gmv', 'refund_amount',
        ],
        sums={
            'unit_count': 'numeric(38, 4)',
            'refunded_unit_count': 'numeric(38, 4)',
        },
        least={'first_sold_at': 'timestamptz'},
        greatest={
            'last_sold_at': 'timestamptz',
            'category': 'text',
        },
        marks=['ingest_id']
    )
}}

select * from final
