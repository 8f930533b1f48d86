{{
    config(
        incremental_strategy='append',
        indexes=[{'columns': ['dead_letter_id'], 'unique': true}]
    )
}}

with dead_letters as (
    select *
    from {{ source('stream', 'dead_letters') }}
    where {{ ingest_window('dead_letter_id', seen='dead_letter_id') }}
),

final as (
    select
        dead_letter_id,
        topic,
        kafka_partition,
        kafka_offset,
        reason,
        value_length,
        received_at,
        landed_at,
        code_version
    from dead_letters
)

select * from final
