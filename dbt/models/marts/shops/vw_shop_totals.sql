{{ config(materialized='view') }}

with currencies as (
    select * from {{ ref('mart_shop_currencies') }}
),

final as (
    select
        merchant_id,
        min(first_transaction_at) as first_transaction_at,
        max(last_transaction_at) as last_transaction_at,
        {%- for count in [
            'order_count', 'sale_count', 'refund_count', 'customer_count',
            'below_limit_count', 'own_shop_count', 'flagged_count',
            'confirmed_fraud_count', 'confirmed_legitimate_count',
            'simulated_fraud_count', 'chargeback_count',
        ] %}
            sum({{ count }})::bigint as {{ count }},
        {%- endfor %}
        sum(gmv_reporting)::numeric(38, 4) as gmv_reporting,
        sum(accepted_amount_reporting)::numeric(38, 4)
            as accepted_amount_reporting,
        sum(refund_amount_reporting)::numeric(38, 4)
            as refund_amount_reporting,
        sum(loss_reporting)::numeric(38, 4) as loss_reporting,
        jsonb_object_agg(currency, gmv) as gmv_by_currency,
        (sum(score_sum) / sum(order_count))::numeric(5, 4) as average_score
    from currencies
    group by merchant_id
)

select * from final
