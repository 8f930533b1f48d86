{{ config(materialized='view') }}

with decisions as (
    select
        *,
        {{ decided_by('lists') }} as decided_by
    from {{ ref('raw_decisions') }}
),

final as (
    select
        ingest_id,
        transaction_id,
        rule_set_version,
        lists_version,
        outcome,
        outcome in ('review', 'decline') as is_flagged,
        decided_by,
        recommended_action,
        score,
        velocity_score,
        geographic_score,
        behavioural_score,
        profile_score,
        amount_score,
        temporal_score,
        jsonb_path_query_array(reasons, '$[*].rule') as rules,
        reasons -> 0 ->> 'rule' as main_rule,
        case
            when decided_by = 'score'
                then {{ shown_sentence('(reasons -> 0)') }}
            else 'Decided by the ' || decided_by || '.'
        end as main_reason,
        reasons,
        shadow,
        snoozed,
        not_evaluable::jsonb as not_evaluable,
        jsonb_path_query_array(lists, '$[*].list') as lists_met,
        decided_at
    from decisions
)

select * from final
