{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id', 'line_number'], 'unique': true},
        ]
    )
}}

with transactions as (
    select * from {{ ref('raw_transactions') }}
    where {{ ingest_window() }} and items is not null
),

final as (
    select
        transactions.ingest_id,
        transactions.transaction_id,
        line.place::integer as line_number,
        {{ composed("line.item ->> 'product_id'") }} as product_id,
        nullif(line.item ->> 'category', '') as category,
        (line.item ->> 'quantity')::numeric as quantity,
        (line.item ->> 'unit_price')::numeric as unit_price
    from transactions
    cross join
        lateral
        jsonb_array_elements(transactions.items)
        with ordinality as line (item, place)
)

select * from final
