{{ config(materialized='view') }}

with hours as (
    select
        *,
        local_hour between {{ var('critical_hours')[0] }}
        and {{ var('critical_hours')[1] }} as is_critical
    from {{ ref('mart_payment_method_hours') }}
),

totals as (
    select
        payment_method,
        sum(order_count)::bigint as all_order_count,
        {%- for column in [
            'order_count', 'flagged_count', 'confirmed_fraud_count',
            'simulated_fraud_count',
        ] %}
            sum(
                case when is_critical then {{ column }} else 0 end
            )::bigint as {{ column }},
            sum(
                case when is_critical then 0 else {{ column }} end
            )::bigint as other_{{ column }},
        {%- endfor %}
        {%- for column in [
            'gmv_reporting', 'loss_reporting', 'simulated_loss_reporting'
        ] %}
            sum(
                case when is_critical then {{ column }} else 0 end
            )::numeric(38, 4) as {{ column }},
        {%- endfor %}
        sum(loss_reporting)::numeric(38, 4) as all_loss_reporting
    from hours
    group by payment_method
),

final as (
    select
        payment_method,
        all_order_count,
        order_count,
        {{ share('order_count', 'all_order_count') }} as order_share,
        flagged_count,
        confirmed_fraud_count,
        simulated_fraud_count,
        {{ share('confirmed_fraud_count', 'order_count') }}
            as confirmed_fraud_share,
        {{ share('other_confirmed_fraud_count', 'other_order_count') }}
            as other_confirmed_fraud_share,
        {{ share('simulated_fraud_count', 'order_count') }}
            as simulated_fraud_share,
        {{ share('other_simulated_fraud_count', 'other_order_count') }}
            as other_simulated_fraud_share,
        gmv_reporting,
        loss_reporting,
        simulated_loss_reporting,
        {{ share('loss_reporting', 'all_loss_reporting') }} as loss_share
    from totals
)

select * from final
