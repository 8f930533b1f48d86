{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['label_ingest_id'], 'unique': true},
            {'columns': ['transaction_id']},
        ]
    )
}}

with relabelled as (
    select distinct transaction_id from {{ ref('raw_labels') }}
    where {{ ingest_window(seen='label_ingest_id') }}
),

histories as (
    select
        labels.*,
        labels.source = 'injected' as is_simulated,
        to_char(labels.labelled_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
        || lpad(labels.ingest_id::text, 19, '0') as place
    from {{ ref('raw_labels') }} as labels
    inner join relabelled on labels.transaction_id = relabelled.transaction_id
),

standing as (
    select
        *,
        (max(array[place, label]) over so_far)[2] as verdict,
        source = 'chargeback' and label = 'fraud' and count(*) filter (
            where source = 'chargeback' and label = 'fraud'
        ) over so_far = 1 as is_first_chargeback
    from histories
    window so_far as (
        partition by transaction_id, is_simulated order by ingest_id
    )
),

compared as (
    select
        *,
        lag(verdict, 1, '') over (
            partition by transaction_id, is_simulated order by ingest_id
        ) as verdict_before
    from standing
),

changed as (
    select
        *,
        (verdict = 'fraud')::integer
        - (verdict_before = 'fraud')::integer as fraud_change,
        (verdict = 'legitimate')::integer
        - (verdict_before = 'legitimate')::integer as legitimate_change
    from compared
),

final as (
    select
        ingest_id as label_ingest_id,
        transaction_id,
        source,
        labelled_at,
        date_trunc('month', labelled_at at time zone 'UTC')::date
            as labelled_in,
        verdict,
        (not is_simulated)::integer * fraud_change as confirmed_fraud_change,
        (not is_simulated)::integer * legitimate_change
            as confirmed_legitimate_change,
        is_simulated::integer * fraud_change as simulated_fraud_change,
        is_simulated::integer * legitimate_change
            as simulated_legitimate_change,
        is_first_chargeback::integer as chargeback_change
    from changed
    where {{ ingest_window(seen='label_ingest_id') }}
)

select * from final
