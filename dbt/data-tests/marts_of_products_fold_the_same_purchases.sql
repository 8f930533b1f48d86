-- Marts of products that have read equally far count the same purchases.
{%- set pieces = {
    'orders': 'order_count', 'sales': 'sale_count', 'pieces': 'unit_count'
} %}

{{ same_totals({
    'mart_product_performance': [
        pieces, {'refunds': 'refund_count', 'gmv': 'gmv_reporting'}
    ],
    'mart_product_payment_methods': [
        pieces, {'refunds': 'refund_count', 'gmv': 'gmv_reporting'}
    ],
    'mart_product_customer_habits': [pieces],
}, marks=['last_ingest_id']) }}
