{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['transaction_item_id'], 'unique': true},
            {'columns': ['ingest_id']},
            {'columns': ['order_date']},
        ]
    )
}}

with items as (
    select * from {{ ref('stg_transaction_items') }}
    where {{ ingest_window() }}
),

transactions as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window() }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

final as (
    select
        items.transaction_item_id,
        items.ingest_id,
        items.transaction_id,
        items.line_number,
        transactions.customer_id,
        transactions.merchant_id,
        transactions.occurred_at,
        transactions.order_date,
        transactions.transaction_type,
        transactions.is_completed,
        transactions.payment_method,
        items.product_id,
        coalesce(items.category, transactions.merchant_category) as category,
        items.quantity,
        items.unit_price,
        items.line_amount,
        transactions.currency,
        round(items.line_amount / rates.units_per_reporting_unit, 4)
            as line_amount_reporting
    from items
    inner join transactions on items.ingest_id = transactions.ingest_id
    left join rates on transactions.currency = rates.currency
)

select * from final
