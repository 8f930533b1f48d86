{{ config(materialized='view') }}

with transactions as (
    select * from {{ ref('fct_transactions') }}
),

labels as (
    select * from {{ ref('fct_labels') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

orders as (
    select
        transactions.*,
        coalesce(labels.is_confirmed_fraud, false) as is_fraud,
        transactions.transaction_type = 'purchase' as is_purchase,
        round(
            abs(transactions.amount_reporting)
            * {{ loss_share('transactions') }},
            4
        ) as lost_if_fraud_reporting
    from transactions
    left join labels on transactions.transaction_id = labels.transaction_id
),

currencies as (
    select
        customer_id,
        currency,
        count(*) as transaction_count,
        count(*) filter (where not is_purchase) as refund_count,
        count(*) filter (where is_flagged) as flagged_count,
        count(*) filter (where outcome = 'review') as review_count,
        count(*) filter (where outcome = 'decline') as decline_count,
        count(*) filter (where is_fraud) as confirmed_fraud_count,
        count(score) as score_count,
        sum(score::numeric) as score_sum,
        max(score) as maximum_score,
        coalesce(sum(amount) filter (where is_purchase), 0)::numeric(38, 4)
            as purchase_amount,
        coalesce(sum(amount) filter (where is_purchase and is_flagged), 0)
        ::numeric(38, 4) as flagged_amount,
        coalesce(sum(amount_reporting) filter (where is_purchase), 0)
            as purchase_reporting,
        coalesce(sum(lost_if_fraud_reporting) filter (where is_fraud), 0)
            as loss_reporting,
        min(occurred_at) as first_transaction_at,
        max(occurred_at) as last_transaction_at,
        max(occurred_at) filter (where is_flagged) as last_flagged_at
    from orders
    group by customer_id, currency
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by transaction_count desc, currency asc
        ) as currency_rank
    from currencies
),

totals as (
    select
        customer_id,
        sum(transaction_count)::bigint as transaction_count,
        sum(refund_count)::bigint as refund_count,
        sum(flagged_count)::bigint as flagged_count,
        sum(review_count)::bigint as review_count,
        sum(decline_count)::bigint as decline_count,
        sum(confirmed_fraud_count)::bigint as confirmed_fraud_count,
        (sum(score_sum) / nullif(sum(score_count), 0))::numeric(5, 4)
            as average_score,
        max(maximum_score) as maximum_score,
        max(currency) filter (where currency_rank = 1) as main_currency,
        max(purchase_amount) filter (where currency_rank = 1)
            as main_currency_amount,
        max(flagged_amount) filter (where currency_rank = 1)
            as main_currency_flagged_amount,
        count(*) as currency_count,
        jsonb_object_agg(currency, purchase_amount) as amounts_by_currency,
        sum(purchase_reporting)::numeric(38, 4) as amount_reporting,
        sum(loss_reporting)::numeric(38, 4) as loss_reporting,
        min(first_transaction_at) as first_transaction_at,
        max(last_transaction_at) as last_transaction_at,
        max(last_flagged_at) as last_flagged_at
    from ranked
    group by customer_id
),

final as (
    select
        totals.customer_id,
        customers.customer_country,
        customers.account_created_at,
        totals.transaction_count,
        totals.refund_count,
        totals.flagged_count,
        totals.review_count,
        totals.decline_count,
        totals.confirmed_fraud_count,
        (
            totals.flagged_count::numeric / totals.transaction_count
        )::numeric(5, 4) as flagged_share,
        totals.average_score,
        totals.maximum_score,
        totals.currency_count,
        totals.main_currency,
        totals.main_currency_amount,
        totals.main_currency_flagged_amount,
        totals.amounts_by_currency,
        totals.amount_reporting,
        totals.loss_reporting,
        totals.first_transaction_at,
        totals.last_transaction_at,
        totals.last_flagged_at
    from totals
    left join customers on totals.customer_id = customers.customer_id
)

select * from final
