{{ config(materialized='view') }}

with customers as (
    select * from {{ ref('vw_customer_totals') }}
    where purchase_count > 0
),

scored as (
    select
        customer_id,
        days_since_purchase,
        purchase_count,
        spend_reporting,
        {{ fifth('days_since_purchase desc') }} as recency_score,
        {{ fifth('purchase_count') }} as frequency_score,
        {{ fifth('spend_reporting') }} as monetary_score
    from customers
),

final as (
    select
        customer_id,
        days_since_purchase as recency_days,
        purchase_count as frequency,
        spend_reporting as monetary_reporting,
        recency_score,
        frequency_score,
        monetary_score,
        recency_score || '' || frequency_score || '' || monetary_score
            as rfm_cell,
        case
            when least(recency_score, frequency_score, monetary_score) >= 4
                then 'Champion'
            when recency_score >= 4 and frequency_score >= 4 then 'Loyal'
            when recency_score >= 4 then 'Recent'
            when recency_score <= 2 and frequency_score >= 4 then 'At risk'
            when recency_score <= 2 then 'Lapsed'
            else 'Regular'
        end as rfm_segment
    from scored
)

select * from final
