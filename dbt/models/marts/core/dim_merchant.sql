{{
    config(
        incremental_strategy='delete+insert',
        unique_key='merchant_id',
        indexes=[
            {'columns': ['merchant_id', 'valid_from'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with transactions as not materialized (
    select * from {{ ref('stg_transactions') }}
),

{{
    versions('merchant_id', 'merchant_version_id', {
        'merchant_owner_id': 'text',
        'merchant_category': 'text',
        'merchant_country': 'text',
    })
}}

select * from final
