-- An order's facts say what was decided on it, as long as the ledger has it.
with decisions as (
    select * from {{ ref('stg_decisions') }}
),

facts as (
    select
        ingest_id,
        rule_set_version,
        outcome,
        is_flagged,
        score
    from {{ ref('fct_transactions') }}
    where {{ newest_rows(ref('fct_transactions')) }}
    union all
    select
        ingest_id,
        rule_set_version,
        outcome,
        is_flagged,
        score
    from {{ ref('fct_decisions') }}
    where {{ newest_rows(ref('fct_decisions')) }}
),

final as (
    select
        facts.*,
        decisions.outcome as decided_outcome,
        decisions.score as decided_score
    from facts
    inner join decisions on facts.ingest_id = decisions.ingest_id
    where
        facts.rule_set_version != decisions.rule_set_version
        or facts.outcome != decisions.outcome
        or facts.is_flagged != decisions.is_flagged
        or facts.score != decisions.score
)

select * from final
