{{ config(materialized='view') }}

with items as (
    select * from {{ ref('raw_transaction_items') }}
),

final as (
    select
        ingest_id || '-' || line_number as transaction_item_id,
        ingest_id,
        transaction_id,
        line_number,
        product_id,
        category,
        quantity,
        unit_price,
        quantity * unit_price as line_amount
    from items
)

select * from final
