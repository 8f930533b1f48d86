{%- set keys = ['product_id', 'payment_method', 'currency'] -%}
{{ kept_by(keys, marks=['ingest_id']) }}

with purchases as (
    select * from {{ ref('fct_product_purchases') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

entries as (
    select
        product_id,
        payment_method,
        currency,
        ingest_id,
        1 as order_count,
        is_sale::integer as sale_count,
        is_refund::integer as refund_count,
        case when is_sale then unit_count else 0 end as unit_count,
        case when is_sale then amount else 0 end as gmv,
        case when is_sale then amount_reporting else 0 end
            as gmv_reporting
    from purchases
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'refund_count',
        ],
        money=[
            'gmv',
        ],
        sums={'unit_count': 'numeric(38, 4)'},
        marks=['ingest_id']
    )
}}

select * from final
