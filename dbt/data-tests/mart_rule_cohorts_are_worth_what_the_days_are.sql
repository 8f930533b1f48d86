-- Fraud and false positives are worth the same by rule set as by day, as soon
-- as both marts have read equally far.
with by_rule_set as (
    select
        max(last_ingest_id) as last_ingest_id,
        max(last_label_ingest_id) as last_label_ingest_id,
        sum(fraud_amount_reporting) as fraud_amount,
        sum(false_positive_amount_reporting) as false_positive_amount
    from {{ ref('mart_rule_cohorts') }}
    where mode = 'all'
),

by_day as (
    select
        max(last_ingest_id) as last_ingest_id,
        max(last_label_ingest_id) as last_label_ingest_id,
        sum(confirmed_fraud_amount_reporting) as fraud_amount,
        sum(
            case
                when outcome = 'approve' then 0
                else confirmed_legitimate_amount_reporting
            end
        ) as false_positive_amount
    from {{ ref('mart_outcomes_daily') }}
),

final as (
    select
        by_rule_set.*,
        by_day.fraud_amount as fraud_amount_by_day,
        by_day.false_positive_amount as false_positive_amount_by_day
    from by_rule_set
    inner join by_day
        on
            by_rule_set.last_ingest_id = by_day.last_ingest_id
            and by_rule_set.last_label_ingest_id = by_day.last_label_ingest_id
    where
        by_rule_set.fraud_amount != by_day.fraud_amount
        or by_rule_set.false_positive_amount != by_day.false_positive_amount
)

select * from final
