-- Per currency, facts and raw orders are as many and sum up to the same amount.
{%- set tested = newest_rows(ref('fct_transactions')) %}
with facts as (
    select
        currency,
        count(*) as orders,
        sum(amount) as amount
    from {{ ref('fct_transactions') }}
    where {{ tested }}
    group by currency
),

reach as (
    select coalesce(max(ingest_id), 0) as ingest_id
    from {{ ref('fct_transactions') }}
),

landed as (
    select
        currency,
        count(*) as orders,
        sum(amount) as amount
    from {{ ref('raw_transactions') }}
    where {{ tested }} and ingest_id <= (select reach.ingest_id from reach)
    group by currency
),

final as (
    select
        coalesce(facts.currency, landed.currency) as currency,
        landed.orders as landed_orders,
        facts.orders as fact_orders,
        landed.amount as landed_amount,
        facts.amount as fact_amount
    from facts
    full join landed on facts.currency = landed.currency
    where
        facts.orders is distinct from landed.orders
        or facts.amount is distinct from landed.amount
)

select * from final
