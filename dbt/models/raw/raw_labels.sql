{{ config(materialized='view') }}

with labels as (
    select * from {{ source('stream', 'transaction_labels') }}
),

final as (
    select
        ingest_id,
        topic,
        kafka_partition,
        kafka_offset,
        transaction_id,
        label,
        source,
        reason,
        labelled_at,
        received_at
    from labels
)

select * from final
