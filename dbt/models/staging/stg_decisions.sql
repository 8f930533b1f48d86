{{ config(materialized='view') }}

with decisions as (
    select * from {{ ref('raw_decisions') }}
),

final as (
    select
        ingest_id,
        transaction_id,
        rule_set_version,
        outcome,
        outcome in ('review', 'decline') as is_flagged,
        score,
        velocity_score,
        geographic_score,
        behavioural_score,
        profile_score,
        amount_score,
        temporal_score,
        rules,
        main_reason,
        decided_at
    from decisions
)

select * from final
