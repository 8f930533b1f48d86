{{
    config(
        incremental_strategy='delete+insert',
        unique_key='device_id',
        indexes=[
            {'columns': ['device_id'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with devices as (
    select * from {{ ref('stg_devices') }}
    where {{ ingest_window('last_ingest_id', seen='last_ingest_id') }}
),

final as (
    select
        device_id,
        device_type,
        device_os,
        browser,
        browser_pseudonym,
        first_transaction_at,
        last_transaction_at,
        last_ingest_id
    from devices
)

select * from final
