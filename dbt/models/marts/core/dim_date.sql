{{ config(materialized='view') }}

with days as (
    select day::date as date_day
    from generate_series(
        '2000-01-01'::timestamp, '2049-12-31'::timestamp, interval '1 day'
    ) as day
),

final as (
    select
        date_day,
        extract(year from date_day)::integer as calendar_year,
        extract(quarter from date_day)::integer as calendar_quarter,
        extract(month from date_day)::integer as calendar_month,
        date_trunc('month', date_day)::date as month_start,
        to_char(date_day, 'FMMonth') as month_name,
        extract(isoyear from date_day)::integer as iso_year,
        extract(week from date_day)::integer as iso_week,
        date_trunc('week', date_day)::date as week_start,
        extract(isodow from date_day)::integer as iso_weekday,
        to_char(date_day, 'FMDay') as weekday_name,
        extract(doy from date_day)::integer as day_of_year,
        extract(isodow from date_day) > 5 as is_weekend
    from days
)

select * from final
