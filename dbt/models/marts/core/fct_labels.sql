{{
    config(
        incremental_strategy='delete+insert',
        unique_key='transaction_id',
        indexes=[
            {'columns': ['transaction_id'], 'unique': true},
            {'columns': ['last_ingest_id']},
        ]
    )
}}

with labels as (
    select * from {{ ref('stg_labels') }}
),

told as (
    select distinct transaction_id
    from labels
    where {{ ingest_window('last_ingest_id', seen='last_ingest_id') }}
),

of_order as (
    select
        labels.*,
        labels.source != 'injected' as is_confirmation,
        row_number() over (
            partition by labels.transaction_id, labels.source != 'injected'
            order by labels.labelled_at desc, labels.ingest_id desc
        ) as place
    from labels
    inner join told on labels.transaction_id = told.transaction_id
),

final as (
    select
        transaction_id,
        bool_or(label = 'fraud') filter (where is_confirmation and place = 1)
            as is_confirmed_fraud,
        max(source) filter (where is_confirmation and place = 1)
            as confirmed_source,
        max(labelled_at) filter (where is_confirmation and place = 1)
            as confirmed_at,
        coalesce(bool_or(source = 'chargeback' and label = 'fraud'), false)
            as is_chargeback,
        max(labelled_at)
        filter (where source = 'chargeback' and label = 'fraud')
            as chargeback_at,
        bool_or(label = 'fraud') filter (where not is_confirmation)
            as is_simulated_fraud,
        max(reason) filter (where not is_confirmation) as simulated_pattern,
        sum(message_count)::bigint as label_count,
        max(last_ingest_id) as last_ingest_id
    from of_order
    group by transaction_id
)

select * from final
