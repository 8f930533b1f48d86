-- Marts that have read equally far count the same orders, money and fraud,
-- whatever they count them by.
{%- set fraud = {
    'confirmed': 'confirmed_fraud_count',
    'honest': 'confirmed_legitimate_count',
    'simulated': 'simulated_fraud_count',
} %}
{%- set flagged = "case outcome when 'approve' then 0 else order_count end" %}
{%- set money = {
    'gmv': 'gmv_reporting',
    'loss': 'loss_reporting',
    'refunded': 'refund_amount_reporting',
} %}

{{ same_totals({
    'mart_outcomes_daily': [
        fraud, money, {
            'orders': 'order_count',
            'flagged': flagged,
            'refunds': 'refund_count',
            'accepted': 'accepted_amount_reporting',
            'accepted_orders': 'accepted_count',
            'discounts': 'discount_amount_reporting',
            'chargebacks': 'chargeback_count',
            'simulated_loss': 'simulated_loss_reporting',
        },
    ],
    'mart_payment_method_hours': [
        fraud, {
            'orders': 'order_count',
            'flagged': 'flagged_count',
            'gmv': 'gmv_reporting',
            'loss': 'loss_reporting',
            'simulated_loss': 'simulated_loss_reporting',
        },
    ],
    'mart_customer_currencies': [
        fraud, {
            'orders': 'order_count',
            'flagged': 'flagged_count',
            'refunds': 'refund_count',
            'loss': 'loss_reporting',
            'refunded': 'refund_amount_reporting',
            'accepted': 'spend_reporting',
            'accepted_orders': 'purchase_count',
            'chargebacks': 'chargeback_count',
        },
    ],
    'mart_shop_currencies': [
        fraud, money, {
            'orders': 'order_count',
            'flagged': 'flagged_count',
            'refunds': 'refund_count',
            'accepted': 'accepted_amount_reporting',
            'chargebacks': 'chargeback_count',
        },
    ],
    'mart_category_performance': [
        fraud, money, {
            'orders': 'order_count',
            'flagged': 'flagged_count',
            'refunds': 'refund_count',
            'discounts': 'discount_amount_reporting',
        },
    ],
    'mart_campaign_summary': [
        fraud, {
            'orders': 'order_count',
            'flagged': 'flagged_count',
            'gmv': 'gmv_reporting',
            'discounts': 'rebate_amount_reporting',
        },
    ],
    'mart_shop_card_months': [
        {
            'accepted_orders': 'card_sale_count',
            'chargebacks': 'chargeback_count',
        },
    ],
}, marks=['last_ingest_id', 'last_label_ingest_id']) }}
