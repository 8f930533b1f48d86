-- Marts that have read equally far count the same orders, GMV, loss and fraud,
-- whatever they count them by.
with totals as (
    {%- set gmv, loss = 'sum(gmv_reporting)', 'sum(loss_reporting)' -%}
    {%- for mart, gmv, loss in [
        ('mart_outcomes_daily', gmv, loss),
        ('mart_payment_method_hours', gmv, loss),
        ('mart_customer_currencies', 'null', loss),
        ('mart_shop_currencies', gmv, loss),
        ('mart_category_performance', gmv, loss),
        ('mart_campaign_summary', gmv, 'null'),
    ] %}
        {{ "union all" if not loop.first }}
        select
            '{{ mart }}' as mart,
            max(last_ingest_id) as last_ingest_id,
            max(last_label_ingest_id) as last_label_ingest_id,
            sum(order_count) as orders,
            {{ gmv }}::numeric as gmv,
            {{ loss }}::numeric as loss,
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
        or one.loss != other.loss
        or one.confirmed_fraud != other.confirmed_fraud
        or one.simulated_fraud != other.simulated_fraud
)

select * from final
