{{ config(materialized='view') }}

with days as (
    -- Timestamps without a zone: of a date, to_char makes midnight in the
    -- reader's zone, which that zone may have skipped.
    select day
    from generate_series(
        '2000-01-01'::timestamp, '2049-12-31'::timestamp, interval '1 day'
    ) as day
),

final as (
    select
        day::date as date_day,
        extract(year from day)::integer as calendar_year,
        extract(quarter from day)::integer as calendar_quarter,
        extract(month from day)::integer as calendar_month,
        date_trunc('month', day)::date as month_start,
        to_char(day, 'FMMonth') as month_name,
        extract(isoyear from day)::integer as iso_year,
        extract(week from day)::integer as iso_week,
        date_trunc('week', day)::date as week_start,
        extract(isodow from day)::integer as iso_weekday,
        to_char(day, 'FMDay') as weekday_name,
        extract(doy from day)::integer as day_of_year,
        extract(isodow from day) > 5 as is_weekend
    from days
)

select * from final
