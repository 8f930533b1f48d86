{{ config(materialized='view') }}

with outcomes as (
    select * from {{ ref('mart_outcomes_daily') }}
),

totals as (
    select
        occurred_on,
        currency,
        sum(order_count)::bigint as order_count,
        sum(order_count) filter (where outcome != 'approve') as flagged,
        sum(order_count) filter (where outcome = 'review') as reviewed,
        sum(order_count) filter (where outcome = 'decline') as declined,
        sum(confirmed_fraud_count)::bigint as confirmed_fraud_count,
        sum(confirmed_fraud_count) filter (
            where outcome != 'approve'
        ) as confirmed_caught,
        sum(simulated_fraud_count)::bigint as simulated_fraud_count,
        sum(simulated_fraud_count) filter (
            where outcome != 'approve'
        ) as simulated_caught,
        sum(chargeback_count)::bigint as chargeback_count,
        sum(gmv)::numeric(38, 4) as gmv,
        sum(gmv_reporting)::numeric(38, 4) as gmv_reporting,
        sum(loss)::numeric(38, 4) as loss,
        sum(loss_reporting)::numeric(38, 4) as loss_reporting,
        sum(simulated_loss_reporting)::numeric(38, 4)
            as simulated_loss_reporting
    from outcomes
    group by occurred_on, currency
),

final as (
    select
        occurred_on,
        currency,
        order_count,
        coalesce(flagged, 0)::bigint as flagged_count,
        coalesce(reviewed, 0)::bigint as review_count,
        coalesce(declined, 0)::bigint as decline_count,
        confirmed_fraud_count,
        coalesce(confirmed_caught, 0)::bigint as confirmed_caught_count,
        simulated_fraud_count,
        coalesce(simulated_caught, 0)::bigint as simulated_caught_count,
        chargeback_count,
        {{ share('coalesce(flagged, 0)', 'order_count') }} as flagged_share,
        {{ share('confirmed_fraud_count', 'order_count') }}
            as confirmed_fraud_share,
        gmv,
        gmv_reporting,
        loss,
        loss_reporting,
        simulated_loss_reporting
    from totals
)

select * from final
