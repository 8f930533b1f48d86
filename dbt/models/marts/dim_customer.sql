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

with customers as (
    select * from {{ ref('stg_customers') }}
    where {{ ingest_window('last_ingest_id', seen='last_ingest_id') }}
),

final as (
    select
        customer_id,
        customer_country,
        account_created_at,
        password_changed_at,
        is_guest,
        customer_email is not null as has_email,
        customer_phone is not null as has_phone,
        first_transaction_at,
        last_transaction_at,
        last_ingest_id
    from customers
)

select * from final
