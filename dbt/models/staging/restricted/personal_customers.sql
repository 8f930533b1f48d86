{{
    config(
        incremental_strategy='delete+insert',
        unique_key='customer_id',
        indexes=[
            {'columns': ['customer_id'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with transactions as (
    select * from {{ ref('personal_transactions') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

{{
    latest_known('customer_id', {
        'customer_email': 'text',
        'customer_phone': 'text',
        'customer_name': 'text',
        'shipping_city': 'text',
        'shipping_postal_code': 'text',
        'billing_city': 'text',
        'billing_postal_code': 'text',
    })
}}

select * from final
