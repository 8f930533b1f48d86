{{
    config(
        incremental_strategy='delete+insert',
        unique_key=['rule_set_version', 'rule_id', 'mode', 'occurred_in'],
        indexes=[
            {
                'columns': [
                    'rule_set_version', 'rule_id', 'mode', 'occurred_in'
                ],
                'unique': true,
            },
            {'columns': ['last_ingest_id']},
            {'columns': ['last_label_ingest_id']},
        ]
    )
}}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

decisions as (
    select * from {{ ref('stg_decisions') }}
),

hits as (
    select
        ingest_id,
        'active' as mode,
        jsonb_array_elements_text(rules) as rule_id,
        jsonb_array_length(rules) = 1 as is_sole
    from decisions
    union all
    select
        ingest_id,
        'shadow' as mode,
        jsonb_array_elements(shadow) ->> 'rule' as rule_id,
        false as is_sole
    from decisions
    union all
    select
        ingest_id,
        'all' as mode,
        '(all orders)' as rule_id,
        false as is_sole
    from decisions
),

entries as (
    select
        journal.rule_set_version,
        hits.rule_id,
        hits.mode,
        journal.occurred_in,
        journal.ingest_id,
        journal.label_ingest_id,
        journal.order_change as hit_count,
        journal.order_change * journal.is_flagged::integer as flagged_count,
        journal.order_change
        * hits.is_sole::integer as sole_hit_count,
        {{ verdict_counts() }},
        journal.is_flagged::integer * journal.confirmed_legitimate_change
        * journal.amount_reporting as false_positive_amount_reporting,
        case when journal.is_refund then 0 else 1 end
        * journal.confirmed_fraud_change
        * journal.amount_reporting as fraud_amount_reporting
    from journal
    inner join hits on journal.ingest_id = hits.ingest_id
),

{{
    fold(
        keys=['rule_set_version', 'rule_id', 'mode', 'occurred_in'],
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
