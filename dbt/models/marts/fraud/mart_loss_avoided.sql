{{ config(materialized='view') }}

with verdicts as (
    select * from {{ ref('vw_verdicts_daily') }}
),

months as (
    select
        date_trunc('month', occurred_on)::date as occurred_in,
        truth,
        sum(fraud_stopped_reporting)::numeric(38, 4) as fraud_stopped_reporting,
        sum(
            case
                when outcome = 'decline' then legitimate_amount_reporting
                else 0
            end
        )::numeric(38, 4) as good_orders_blocked_reporting,
        sum(
            case when outcome = 'review' then order_count else 0 end
        )::bigint as review_count,
        sum(fraud_missed_reporting)::numeric(38, 4) as fraud_missed_reporting
    from verdicts
    group by date_trunc('month', occurred_on), truth
),

costed as (
    select
        *,
        (
            good_orders_blocked_reporting * {{ var('blocked_order_margin') }}
        )::numeric(38, 4) as margin_lost_reporting,
        review_count * {{ var('review_minutes') }} as review_minutes,
        (
            review_count * {{ var('review_minutes') }}
            * {{ var('review_hour_cost') }} / 60.0
        )::numeric(38, 4) as review_cost_reporting
    from months
),

final as (
    select
        *,
        fraud_stopped_reporting - margin_lost_reporting
        - review_cost_reporting as loss_avoided_reporting
    from costed
)

select * from final
