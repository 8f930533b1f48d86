{{ config(materialized='view') }}

with currencies as (
    select * from {{ ref('mart_customer_currencies') }}
),

newest as (
    select
        greatest(
            (
                select max(occurred_on)
                from {{ ref('mart_outcomes_daily') }}
            ),
            (
                select max(last_transaction_at at time zone 'UTC')::date
                from currencies
            )
        ) as reference_date
),

totals as (
    select
        customer_id,
        min(first_transaction_at) as first_transaction_at,
        max(last_transaction_at) as last_transaction_at,
        max(last_purchase_at) as last_purchase_at,
        {%- for count in [
            'order_count', 'refund_count', 'purchase_count',
            'active_day_count', 'shop_count', 'category_count',
            'voucher_count', 'flagged_count', 'confirmed_fraud_count',
            'simulated_fraud_count', 'chargeback_count',
        ] %}
            sum({{ count }})::bigint as {{ count }},
        {%- endfor %}
        sum(spend_reporting)::numeric(38, 4) as spend_reporting,
        sum(refund_amount_reporting)::numeric(38, 4)
            as refund_amount_reporting,
        sum(loss_reporting)::numeric(38, 4) as loss_reporting,
        jsonb_object_agg(currency, spend) as spend_by_currency,
        (sum(score_sum) / sum(order_count))::numeric(5, 4) as average_score,
        max(maximum_score) as maximum_score
    from currencies
    group by customer_id
),

final as (
    select
        totals.*,
        newest.reference_date,
        newest.reference_date
        - (totals.first_transaction_at at time zone 'UTC')::date
            as days_since_first,
        newest.reference_date
        - (totals.last_transaction_at at time zone 'UTC')::date
            as days_since_last,
        newest.reference_date
        - (totals.last_purchase_at at time zone 'UTC')::date
            as days_since_purchase
    from totals
    cross join newest
)

select * from final
