{{ config(materialized='view') }}

with decisions as (
    select * from {{ source('stream', 'transaction_decisions') }}
),

final as (
    select
        ingest_id,
        transaction_id,
        rule_set_version,
        lists_version,
        outcome,
        score,
        recommended_action,
        (factors ->> 'velocity')::double precision as velocity_score,
        (factors ->> 'geographic')::double precision as geographic_score,
        (factors ->> 'behavioural')::double precision as behavioural_score,
        (factors ->> 'profile')::double precision as profile_score,
        (factors ->> 'amount')::double precision as amount_score,
        (factors ->> 'temporal')::double precision as temporal_score,
        reasons,
        shadow,
        snoozed,
        not_evaluable,
        lists,
        features,
        decided_at
    from decisions
)

select * from final
