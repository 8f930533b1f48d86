{%- set buys = ['customer_id', 'product_id', 'is_sale'] -%}
{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id', 'product_id'], 'unique': true},
            {'columns': buys + ['purchase_number']},
        ]
    )
}}

with items as (
    select * from {{ ref('fct_transaction_items') }}
    where {{ ingest_window() }}
),

orders as (
    select * from {{ ref('vw_orders') }}
    where {{ ingest_window() }}
),

baskets as (
    select
        ingest_id,
        product_id,
        max(category) as category,
        sum(quantity) as unit_count,
        round(sum(line_amount), 4) as amount,
        sum(line_amount_reporting) as amount_reporting
    from items
    where product_id is not null
    group by ingest_id, product_id
),

landed as (
    select
        baskets.*,
        orders.customer_id,
        orders.merchant_id,
        orders.occurred_at,
        orders.occurred_on,
        orders.local_hour,
        orders.payment_method,
        orders.currency,
        orders.has_voucher,
        orders.is_refund,
        orders.is_sale
    from baskets
    inner join orders on baskets.ingest_id = orders.ingest_id
),

numbered as (
    select
        landed.*,
        row_number() over (
            partition by landed.customer_id, landed.product_id, landed.is_sale
            order by landed.ingest_id
        ) + {{ highest_held('purchase_number', buys) }} as purchase_number
    from landed
),

final as (
    select
        *,
        (is_sale and purchase_number = 1)::integer as customer_change,
        (is_sale and purchase_number = 2)::integer as repeat_customer_change
    from numbered
)

select * from final
