-- A month's loss by day is the fraud that the decisions missed in it, by what
-- people confirmed and by the simulation.
with months as (
    select * from {{ ref('mart_loss_avoided') }}
),

days as (
    select
        date_trunc('month', occurred_on)::date as occurred_in,
        sum(loss_reporting) as confirmed,
        sum(simulated_loss_reporting) as simulated
    from {{ ref('mart_fraud_daily') }}
    group by date_trunc('month', occurred_on)
),

compared as (
    select
        months.occurred_in,
        months.truth,
        months.fraud_missed_reporting,
        case months.truth
            when 'confirmed' then days.confirmed else days.simulated
        end as loss_by_day
    from months
    left join days on months.occurred_in = days.occurred_in
),

final as (
    select * from compared
    where fraud_missed_reporting is distinct from loss_by_day
)

select * from final
