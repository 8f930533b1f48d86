{{
    config(
        incremental_strategy='delete+insert',
        unique_key='label_id',
        indexes=[
            {'columns': ['label_id'], 'unique': true},
            {'columns': ['transaction_id']},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with labels as (
    select
        transaction_id || '/' || source as label_id,
        transaction_id,
        source,
        label,
        reason,
        labelled_at,
        ingest_id,
        ingest_id as last_ingest_id,
        1::bigint as message_count
    from {{ ref('raw_labels') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

said as (
    select * from labels
    {%- if is_incremental() %}
        union all
        select
            label_id,
            transaction_id,
            source,
            label,
            reason,
            labelled_at,
            ingest_id,
            last_ingest_id,
            message_count
        from {{ this }}
        where label_id in (select labels.label_id from labels)
    {%- endif %}
),

final as (
    select distinct on (label_id)
        label_id,
        transaction_id,
        source,
        label,
        reason,
        labelled_at,
        ingest_id,
        max(last_ingest_id) over label_messages as last_ingest_id,
        (sum(message_count) over label_messages)::bigint as message_count
    from said
    window label_messages as (partition by label_id)
    order by label_id asc, labelled_at desc, ingest_id desc
)

select * from final
