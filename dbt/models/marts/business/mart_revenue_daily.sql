{{ config(materialized='view') }}

with outcomes as (
    select * from {{ ref('mart_outcomes_daily') }}
),

final as (
    select
        occurred_on,
        currency,
        {{ revenue_measures() }}
    from outcomes
    group by occurred_on, currency
)

select * from final
