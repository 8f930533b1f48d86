-- Per currency, the journal's entries of orders are as many as the facts, and
-- sum up to the same amount, as far as both reach. Only the facts keep the sign
-- that a shop gives a refund.
{%- set tested = newest_rows(ref('fct_order_journal')) %}
with reach as (
    select
        least(
            (select max(ingest_id) from {{ ref('fct_order_journal') }}),
            (select max(ingest_id) from {{ ref('fct_transactions') }})
        ) as ingest_id
),

entries as (
    select
        currency,
        sum(order_change) as orders,
        sum(order_change * amount) as amount,
        sum(order_change * amount_reporting) as amount_reporting
    from {{ ref('fct_order_journal') }}
    where {{ tested }} and ingest_id <= (select reach.ingest_id from reach)
    group by currency
),

facts as (
    select
        currency,
        count(*) as orders,
        sum(
            case
                when transaction_type = 'refund' then abs(amount) else amount
            end
        ) as amount,
        sum(
            case
                when transaction_type = 'refund' then abs(amount_reporting)
                else amount_reporting
            end
        ) as amount_reporting
    from {{ ref('fct_transactions') }}
    where {{ tested }} and ingest_id <= (select reach.ingest_id from reach)
    group by currency
),

final as (
    select
        coalesce(entries.currency, facts.currency) as currency,
        entries.orders as entered_orders,
        facts.orders as fact_orders,
        entries.amount as entered_amount,
        facts.amount as fact_amount
    from entries
    full join facts on entries.currency = facts.currency
    where
        entries.orders is distinct from facts.orders
        or entries.amount is distinct from facts.amount
        or entries.amount_reporting is distinct from facts.amount_reporting
)

select * from final
