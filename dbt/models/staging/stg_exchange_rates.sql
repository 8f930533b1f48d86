{{ config(materialized='view') }}

with rates as (
    select * from {{ ref('exchange_rates') }}
),

final as (
    select
        rates.currency,
        '{{ var("reporting_currency") }}'::text as reporting_currency,
        rates.units_per_euro / reporting.units_per_euro
            as units_per_reporting_unit
    from rates
    cross join rates as reporting
    where reporting.currency = '{{ var("reporting_currency") }}'
)

select * from final
