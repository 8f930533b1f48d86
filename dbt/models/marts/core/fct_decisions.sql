{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id'], 'unique': true},
            {'columns': ['transaction_id'], 'unique': true},
            {'columns': ['order_date']},
        ]
    )
}}

with transactions as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window() }}
),

decisions as (
    select * from {{ ref('stg_decisions') }}
    where {{ ingest_window() }}
),

final as (
    select
        decisions.ingest_id,
        decisions.transaction_id,
        transactions.customer_id,
        transactions.merchant_id,
        transactions.occurred_at,
        transactions.order_date,
        decisions.decided_at,
        decisions.rule_set_version,
        decisions.lists_version,
        decisions.outcome,
        decisions.is_flagged,
        decisions.decided_by,
        decisions.recommended_action,
        decisions.score,
        decisions.velocity_score,
        decisions.geographic_score,
        decisions.behavioural_score,
        decisions.profile_score,
        decisions.amount_score,
        decisions.temporal_score,
        jsonb_array_length(decisions.reasons) as rule_count,
        jsonb_array_length(decisions.shadow) as shadow_rule_count,
        jsonb_array_length(decisions.snoozed) as snoozed_rule_count,
        decisions.not_evaluable,
        decisions.lists_met,
        decisions.main_rule,
        decisions.main_reason
    from decisions
    inner join transactions on decisions.ingest_id = transactions.ingest_id
)

select * from final
