-- Per currency, facts and raw orders are as many and sum up to the same amount.
with facts as (
    select
        currency,
        count(*) as orders,
        sum(amount) as amount
    from {{ ref('fct_transactions') }}
    group by currency
),

landed as (
    select
        currency,
        count(*) as orders,
        sum(amount) as amount
    from {{ ref('raw_transactions') }}
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
