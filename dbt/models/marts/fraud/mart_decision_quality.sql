{{ config(materialized='view') }}

with verdicts as (
    select * from {{ ref('vw_verdicts_daily') }}
),

counts as (
    select
        occurred_on,
        truth,
        reference_date,
        {%- for name, condition, column in [
            ('true_positive_count', "!=", 'fraud_count'),
            ('false_positive_count', "!=", 'legitimate_count'),
            ('false_negative_count', "=", 'fraud_count'),
            ('true_negative_count', "=", 'legitimate_count'),
        ] %}
            sum(
                case
                    when outcome {{ condition }} 'approve' then {{ column }}
                    else 0
                end
            )::bigint as {{ name }},
        {%- endfor %}
        sum(order_count)::bigint as order_count,
        sum(fraud_count + legitimate_count)::bigint as labelled_count
    from verdicts
    group by occurred_on, truth, reference_date
),

final as (
    select
        occurred_on,
        truth,
        order_count,
        true_positive_count,
        false_positive_count,
        false_negative_count,
        true_negative_count,
        order_count - labelled_count as unlabelled_count,
        {{ share('labelled_count', 'order_count') }} as labelled_share,
        {{ share(
            'true_positive_count', 'true_positive_count + false_positive_count'
        ) }} as precision_share,
        {{ share(
            'true_positive_count', 'true_positive_count + false_negative_count'
        ) }} as recall_share,
        reference_date - occurred_on as age_days,
        truth = 'simulated'
        or reference_date - occurred_on >= {{ var('label_maturity_days') }}
            as is_mature
    from counts
)

select * from final
