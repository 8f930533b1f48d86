{%- set keys = ['product_id', 'weekday', 'daytime'] -%}
{{ kept_by(keys, marks=['ingest_id']) }}

with purchases as (
    select * from {{ ref('fct_product_purchases') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

entries as (
    select
        product_id,
        extract(isodow from occurred_on)::integer as weekday,
        case
            when local_hour < 6 then 'night'
            when local_hour < 12 then 'morning'
            when local_hour < 18 then 'afternoon'
            else 'evening'
        end as daytime,
        ingest_id,
        1 as order_count,
        is_sale::integer as sale_count,
        (is_sale and purchase_number > 1)::integer as repeat_sale_count,
        (is_sale and has_voucher)::integer as voucher_sale_count,
        case when is_sale then unit_count else 0 end as unit_count
    from purchases
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'sale_count', 'repeat_sale_count',
            'voucher_sale_count',
        ],
        sums={'unit_count': 'numeric(38, 4)'},
        marks=['ingest_id']
    )
}}

select * from final
