-- Purchases hold each line of a basket once, as far as they reach, and round
-- what they come to.
{%- set tested = newest_rows(ref('fct_product_purchases')) %}
with purchases as (
    select
        product_id,
        sum(unit_count) as unit_count,
        sum(amount) as amount
    from {{ ref('fct_product_purchases') }}
    where {{ tested }}
    group by product_id
),

baskets as (
    select
        product_id,
        sum(quantity) as unit_count,
        round(sum(line_amount), 4) as amount
    from {{ ref('fct_transaction_items') }}
    where
        {{ tested }}
        and product_id is not null
        and ingest_id
        <= {{ highest(ref('fct_product_purchases'), 'ingest_id') }}
    group by ingest_id, product_id
),

items as (
    select
        product_id,
        sum(unit_count) as unit_count,
        sum(amount) as amount
    from baskets
    group by product_id
),

final as (
    select
        coalesce(purchases.product_id, items.product_id) as product_id,
        purchases.amount as purchase_amount,
        items.amount as item_amount
    from purchases
    full join items on purchases.product_id = items.product_id
    where
        purchases.amount is distinct from items.amount
        or purchases.unit_count is distinct from items.unit_count
)

select * from final
