{{ config(materialized='view') }}

with outcomes as (
    select * from {{ ref('mart_outcomes_daily') }}
),

newest as (
    select
        max(occurred_on) as reference_date,
        sum(simulated_fraud_count + simulated_legitimate_count) > 0
            as is_simulated
    from outcomes
),

confirmed as (
    select
        occurred_on,
        currency,
        rule_set_version,
        outcome,
        'confirmed' as truth,
        order_count,
        confirmed_fraud_count as fraud_count,
        confirmed_legitimate_count as legitimate_count,
        fraud_stopped_reporting,
        loss_reporting as fraud_missed_reporting,
        confirmed_legitimate_amount_reporting as legitimate_amount_reporting
    from outcomes
),

simulated as (
    select
        occurred_on,
        currency,
        rule_set_version,
        outcome,
        'simulated' as truth,
        order_count,
        simulated_fraud_count as fraud_count,
        order_count - simulated_fraud_count as legitimate_count,
        simulated_fraud_stopped_reporting as fraud_stopped_reporting,
        simulated_loss_reporting as fraud_missed_reporting,
        gmv_reporting - simulated_fraud_amount_reporting
            as legitimate_amount_reporting
    from outcomes
),

verdicts as (
    select * from confirmed
    union all
    select * from simulated
),

final as (
    select
        verdicts.*,
        newest.reference_date
    from verdicts
    cross join newest
    where verdicts.truth = 'confirmed' or newest.is_simulated
)

select * from final
