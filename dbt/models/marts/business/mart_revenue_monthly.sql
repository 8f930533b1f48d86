{{ config(materialized='view') }}

with outcomes as (
    select * from {{ ref('mart_outcomes_daily') }}
),

months as (
    select
        date_trunc('month', occurred_on)::date as occurred_in,
        currency,
        count(distinct occurred_on) as selling_day_count,
        {{ revenue_measures() }}
    from outcomes
    group by date_trunc('month', occurred_on), currency
),

final as (
    select
        *,
        (
            net_revenue_reporting - lag(net_revenue_reporting) over (
                partition by currency order by occurred_in
            )
        )::numeric(38, 4) as net_revenue_change_reporting
    from months
)

select * from final
