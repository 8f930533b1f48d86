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
        (factors::json ->> 'velocity')::double precision as velocity_score,
        (factors::json ->> 'geographic')::double precision as geographic_score,
        (factors::json ->> 'behavioural')::double precision
            as behavioural_score,
        (factors::json ->> 'profile')::double precision as profile_score,
        (factors::json ->> 'amount')::double precision as amount_score,
        (factors::json ->> 'temporal')::double precision as temporal_score,
        reasons,
        shadow,
        snoozed,
        not_evaluable::json as not_evaluable,
        lists,
        features::json as features,
        decided_at
    from decisions
)

select * from final
