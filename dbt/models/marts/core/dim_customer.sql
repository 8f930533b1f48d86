{{
    config(
        incremental_strategy='delete+insert',
        unique_key='customer_id',
        indexes=[
            {'columns': ['customer_id', 'valid_from'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with transactions as not materialized (
    select * from {{ ref('stg_transactions') }}
),

{{
    versions('customer_id', 'customer_version_id', {
        'customer_country': 'text',
        'account_created_at': 'timestamptz',
        'password_changed_at': 'timestamptz',
        'is_guest': 'boolean',
        'email_pseudonym': 'text',
        'phone_pseudonym': 'text',
        'name_pseudonym': 'text',
    })
}}

select * from final
