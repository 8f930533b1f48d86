{{
    config(
        incremental_strategy='delete+insert',
        unique_key='merchant_id',
        indexes=[
            {'columns': ['merchant_id'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with merchants as (
    select * from {{ ref('stg_merchants') }}
    where {{ ingest_window('last_ingest_id', seen='last_ingest_id') }}
),

final as (
    select
        merchant_id,
        merchant_owner_id,
        merchant_category,
        merchant_country,
        first_transaction_at,
        last_transaction_at,
        last_ingest_id
    from merchants
)

select * from final
