-- Every order has as many lines as its basket.
{%- set tested = newest_rows(ref('fct_transactions')) %}
with orders as (
    select
        ingest_id,
        item_count
    from {{ ref('fct_transactions') }}
    where {{ tested }} and item_count > 0
),

reach as (
    select coalesce(max(ingest_id), 0) as ingest_id
    from {{ ref('fct_transaction_items') }}
),

lines as (
    select
        ingest_id,
        count(*) as line_count
    from {{ ref('fct_transaction_items') }}
    where {{ tested }}
    group by ingest_id
),

final as (
    select
        orders.ingest_id,
        orders.item_count,
        lines.line_count
    from orders
    left join lines on orders.ingest_id = lines.ingest_id
    where
        orders.ingest_id <= (select reach.ingest_id from reach)
        and orders.item_count is distinct from lines.line_count
)

select * from final
