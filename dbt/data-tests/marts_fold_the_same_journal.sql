-- Marts that have read equally far count the same orders, GMV and fraud,
-- whatever they count them by.
with totals as (
    {%- for mart, gmv in {
        'mart_outcomes_daily': 'sum(gmv_reporting)',
        'mart_payment_method_hours': 'sum(gmv_reporting)',
        'mart_customer_currencies': 'null',
        'mart_shop_currencies': 'sum(gmv_reporting)',
        'mart_category_performance': 'sum(gmv_reporting)',
        'mart_campaign_summary': 'sum(gmv_reporting)',
    }.items() %}
        {{ "union all" if not loop.first }}
        select
            '{{ mart }}' as mart,
            max(last_ingest_id) as last_ingest_id,
            max(last_label_ingest_id) as last_label_ingest_id,
            sum(order_count) as orders,
            {{ gmv }}::numeric as gmv,
            sum(confirmed_fraud_count) as confirmed_fraud,
            sum(simulated_fraud_count) as simulated_fraud
        from {{ ref(mart) }}
    {%- endfor %}
),

final as (
    select
        one.*,
        other.mart as other_mart
    from totals as one
    inner join totals as other
        on
            one.last_ingest_id = other.last_ingest_id
            and one.last_label_ingest_id = other.last_label_ingest_id
            and one.mart < other.mart
    where
        one.orders != other.orders
        or one.gmv != other.gmv
        or one.confirmed_fraud != other.confirmed_fraud
        or one.simulated_fraud != other.simulated_fraud
)

select * from final
