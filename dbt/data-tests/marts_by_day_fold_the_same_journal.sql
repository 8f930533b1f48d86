{{ config(tags=['complete']) }}

-- Marts with a row per customer's or shop's day or hour, as many as all of
-- history makes, count what the marts of few rows count.
{{ same_totals({
    'mart_outcomes_daily': [{
        'orders': 'order_count',
        'flagged': "case outcome when 'approve' then 0 else order_count end",
        'sales': 'sale_count',
        'confirmed': 'confirmed_fraud_count',
        'gmv': 'gmv_reporting',
        'accepted': 'accepted_amount_reporting',
        'refunded': 'refund_amount_reporting',
        'discounts': 'discount_amount_reporting',
        'loss': 'loss_reporting',
    }],
    'mart_shop_currencies': [{
        'below_limit': 'below_limit_count',
        'own_shop': 'own_shop_count',
    }],
    'mart_campaign_summary': [{
        'rebates': 'vouchers_used',
    }],
    'mart_customer_days': [{
        'orders': 'order_count',
        'flagged': 'flagged_count',
        'sales': 'sale_count',
        'confirmed': 'confirmed_fraud_count',
        'gmv': 'gmv_reporting',
        'discounts': 'rebate_amount_reporting',
        'rebates': 'rebate_count',
        'below_limit': 'below_limit_count',
        'below_limit_amount': 'below_limit_amount_reporting',
        'own_shop': 'own_shop_count',
        'own_shop_amount': 'own_shop_amount_reporting',
    }],
    'mart_shop_sales_daily': [{
        'orders': 'order_count',
        'flagged': 'flagged_count',
        'sales': 'sale_count',
        'confirmed': 'confirmed_fraud_count',
        'gmv': 'gmv_reporting',
        'accepted': 'accepted_amount_reporting',
        'refunded': 'refund_amount_reporting',
        'discounts': 'discount_amount_reporting',
        'loss': 'loss_reporting',
        'below_limit': 'below_limit_count',
        'below_limit_amount': 'below_limit_amount_reporting',
        'own_shop': 'own_shop_count',
        'own_shop_amount': 'own_shop_amount_reporting',
    }],
    'mart_shop_hours': [{
        'orders': 'order_count',
        'confirmed': 'confirmed_fraud_count',
        'gmv': 'gmv_reporting',
        'below_limit': 'below_limit_count',
    }],
}, marks=['last_ingest_id', 'last_label_ingest_id']) }}
