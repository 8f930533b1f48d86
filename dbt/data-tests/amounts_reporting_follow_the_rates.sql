-- Reported amounts are the order's amounts by the rate in the seed: a changed
-- rate that was not followed by --full-refresh shows here.
with orders as (
    select * from {{ ref('fct_transactions') }}
    where {{ newest_rows(ref('fct_transactions')) }}
),

lines as (
    select * from {{ ref('fct_transaction_items') }}
    where {{ newest_rows(ref('fct_transaction_items')) }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

amounts as (
    select
        transaction_id,
        currency,
        amount,
        amount_reporting
    from orders
    union all
    select
        transaction_id,
        currency,
        discount_amount as amount,
        discount_reporting as amount_reporting
    from orders
    union all
    select
        transaction_id,
        currency,
        line_amount as amount,
        line_amount_reporting as amount_reporting
    from lines
),

final as (
    select
        amounts.transaction_id,
        amounts.amount,
        amounts.currency,
        amounts.amount_reporting
    from amounts
    left join rates on amounts.currency = rates.currency
    where
        amounts.amount_reporting
        != round(amounts.amount / rates.units_per_reporting_unit, 4)
        or (amounts.amount_reporting is null) != (rates.currency is null)
)

select * from final
