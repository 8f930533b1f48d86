{{
    config(
        incremental_strategy='delete+insert',
        unique_key='product_id',
        indexes=[
            {'columns': ['product_id'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with items as (
    select * from {{ ref('stg_transaction_items') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

sold as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

transactions as (
    select
        items.product_id,
        items.ingest_id,
        sold.occurred_at,
        sold.merchant_id,
        coalesce(items.category, sold.merchant_category) as category
    from items
    inner join sold on items.ingest_id = sold.ingest_id
),

{{
    latest_known('product_id', {
        'category': 'text',
        'merchant_id': 'text',
    })
}}

select * from final
