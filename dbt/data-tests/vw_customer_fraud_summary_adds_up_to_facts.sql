{{ config(tags=['complete']) }}

-- Over all customers the summary counts each order once and, per currency, sums
-- up to the purchases in the facts.
with summary as (
    select * from {{ ref('vw_customer_fraud_summary') }}
),

facts as (
    select * from {{ ref('fct_transactions') }}
),

summary_amounts as (
    select
        entry.key as measure,
        sum(entry.value::numeric) as total
    from summary
    cross join lateral jsonb_each_text(summary.amounts_by_currency) as entry
    group by entry.key
    union all
    select
        'orders' as measure,
        sum(transaction_count) as total
    from summary
    union all
    select
        'flagged' as measure,
        sum(flagged_count) as total
    from summary
),

fact_amounts as (
    select
        currency as measure,
        sum(
            case when transaction_type = 'purchase' then amount else 0 end
        ) as total
    from facts
    group by currency
    union all
    select
        'orders' as measure,
        nullif(count(*), 0) as total
    from facts
    union all
    select
        'flagged' as measure,
        case when count(*) > 0 then count(*) filter (where is_flagged) end
            as total
    from facts
),

final as (
    select
        coalesce(summary_amounts.measure, fact_amounts.measure) as measure,
        summary_amounts.total as summary_total,
        fact_amounts.total as fact_total
    from summary_amounts
    full join fact_amounts on summary_amounts.measure = fact_amounts.measure
    where summary_amounts.total is distinct from fact_amounts.total
)

select * from final
