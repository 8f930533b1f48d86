{%- set keys = ['rule_set_version', 'rule_id', 'mode', 'occurred_in'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

decided as (
    select
        journal.*,
        fact.rules
    from journal,
        lateral (
            select facts.rules
            from {{ ref('fct_transactions') }} as facts
            where facts.ingest_id = journal.ingest_id
            order by facts.ingest_id
            limit 1
        ) as fact
),

hits as (
    select
        *,
        'active' as mode,
        jsonb_array_elements_text(rules) as rule_id
    from decided
    -- What fired in shadow is in the ledger until retention drops the order,
    -- and by then long in the facts.
    union all
    select
        decided.*,
        'shadow' as mode,
        fired.rule_id
    from decided,
        lateral (
            select shadow.rule_id
            from {{ ref('fct_rule_hits') }} as shadow
            where
                shadow.ingest_id = decided.ingest_id
                and shadow.mode = 'shadow'
            union distinct
            select jsonb_array_elements(decisions.shadow) ->> 'rule'
            from {{ ref('stg_decisions') }} as decisions
            where decisions.ingest_id = decided.ingest_id
        ) as fired
    union all
    select
        *,
        'all' as mode,
        '(all orders)' as rule_id
    from decided
),

entries as (
    select
        rule_set_version,
        rule_id,
        mode,
        occurred_in,
        ingest_id,
        label_ingest_id,
        order_change as hit_count,
        order_change * is_flagged::integer as flagged_count,
        order_change * case mode
            when 'active' then jsonb_array_length(rules) = 1
            when 'shadow' then jsonb_array_length(rules) = 0
            else false
        end::integer as sole_hit_count,
        {{ verdict_counts() }},
        (is_sale and is_flagged)::integer * confirmed_legitimate_change
        * amount_reporting as false_positive_amount_reporting,
        is_sale::integer * confirmed_fraud_change
        * amount_reporting as fraud_amount_reporting
    from hits
),

{{
    fold(
        keys=keys,
        counts=[
            'hit_count', 'flagged_count', 'sole_hit_count',
            'confirmed_fraud_count', 'confirmed_legitimate_count',
            'simulated_fraud_count', 'simulated_legitimate_count',
        ],
        sums={
            'false_positive_amount_reporting': 'numeric(38, 4)',
            'fraud_amount_reporting': 'numeric(38, 4)',
        }
    )
}}

select * from final
