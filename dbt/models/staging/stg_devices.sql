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

with transactions as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

{{
    latest_known('device_id', {
        'device_type': 'text',
        'device_os': 'text',
        'browser': 'text',
        'browser_pseudonym': 'text',
    })
}}

select * from final
