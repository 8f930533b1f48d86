-- Reported amounts are the order's amounts by the rate in the seed: a changed
-- rate that was not followed by --full-refresh shows here. Of a discount only
-- four decimals are kept, so what it was converted from is not known better.
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
        amount_reporting,
        0 as rounded_by
    from orders
    union all
    select
        transaction_id,
        currency,
        discount_amount as amount,
        discount_reporting as amount_reporting,
        0.00005 as rounded_by
    from orders
    union all
    select
        transaction_id,
        currency,
        line_amount as amount,
        line_amount_reporting as amount_reporting,
        0 as rounded_by
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
        abs(
            amounts.amount_reporting
            - amounts.amount / rates.units_per_reporting_unit
        )
        > 0.00005 + amounts.rounded_by / rates.units_per_reporting_unit
        or (amounts.amount_reporting is null) != (rates.currency is null)
)

select * from final
