{{ config(materialized='view') }}

with shops as (
    select * from {{ ref('vw_shop_totals') }}
),

suspicions as (
    select
        merchant_id,
        count(*) filter (where reason = 'order_brushing')
            as brushing_day_count,
        count(*) filter (where reason = 'order_boosting')
            as boosting_day_count
    from {{ ref('mart_suspected_fraud_shops') }}
    group by merchant_id
),

shares as (
    select
        shops.*,
        coalesce(suspicions.brushing_day_count, 0) as brushing_day_count,
        coalesce(suspicions.boosting_day_count, 0) as boosting_day_count,
        {%- for count in [
            'confirmed_fraud', 'flagged', 'refund', 'own_shop', 'below_limit'
        ] %}
            {{ share('shops.' ~ count ~ '_count', 'shops.order_count') }}
                as {{ count }}_share,
        {%- endfor %}
        {{ share('shops.chargeback_count', 'shops.sale_count') }}
            as chargeback_share
    from shops
    left join suspicions on shops.merchant_id = suspicions.merchant_id
),

scored as (
    select
        *,
        {{ shop_risk_score() }} as risk_score
    from shares
),

final as (
    select
        merchant_id,
        risk_score,
        case
            when risk_score >= {{ var('shop_risk_bands')[1] }} then 'high'
            when risk_score >= {{ var('shop_risk_bands')[0] }} then 'medium'
            else 'low'
        end as risk_band,
        order_count,
        confirmed_fraud_count,
        confirmed_fraud_share,
        chargeback_share,
        flagged_share,
        refund_share,
        own_shop_share,
        below_limit_share,
        brushing_day_count,
        boosting_day_count,
        average_score,
        gmv_reporting,
        loss_reporting
    from scored
)

select * from final
