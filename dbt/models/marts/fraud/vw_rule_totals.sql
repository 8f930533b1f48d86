{{ config(materialized='view') }}

with cohorts as (
    select * from {{ ref('mart_rule_cohorts') }}
),

newest as (
    select max(occurred_on) as reference_date
    from {{ ref('mart_outcomes_daily') }}
),

aged as (
    select
        cohorts.*,
        newest.reference_date
        - (cohorts.occurred_in + interval '1 month')::date
        >= {{ var('label_maturity_days') }} as is_mature
    from cohorts
    cross join newest
),

final as (
    select
        rule_set_version,
        rule_id,
        mode,
        {%- for count in [
            'hit_count', 'flagged_count', 'sole_hit_count',
            'confirmed_fraud_count', 'confirmed_legitimate_count',
            'simulated_fraud_count',
        ] %}
            sum({{ count }})::bigint as {{ count }},
        {%- endfor %}
        sum(false_positive_amount_reporting)::numeric(38, 4)
            as false_positive_amount_reporting,
        sum(fraud_amount_reporting)::numeric(38, 4)
            as fraud_amount_reporting,
        min(occurred_in) filter (where not is_mature) as immature_since,
        sum(case when is_mature then hit_count else 0 end)::bigint
            as mature_hit_count
    from aged
    group by rule_set_version, rule_id, mode
)

select * from final
