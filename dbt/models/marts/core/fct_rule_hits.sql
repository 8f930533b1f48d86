{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['rule_hit_id'], 'unique': true},
            {'columns': ['ingest_id']},
            {'columns': ['rule_id', 'order_date']},
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

hits as (
    select
        decisions.*,
        fired.mode,
        hit.reason,
        hit.place::integer as position
    from decisions
    cross join
        lateral (
            values
            ('active', decisions.reasons),
            ('shadow', decisions.shadow),
            ('snoozed', decisions.snoozed)
        ) as fired (mode, reasons)
    cross join
        lateral
        jsonb_array_elements(fired.reasons)
        with ordinality as hit (reason, place)
),

final as (
    select
        hits.ingest_id || '-' || hits.mode || '-' || hits.position
            as rule_hit_id,
        hits.ingest_id,
        hits.transaction_id,
        transactions.customer_id,
        transactions.merchant_id,
        transactions.occurred_at,
        transactions.order_date,
        hits.rule_set_version,
        hits.reason ->> 'rule' as rule_id,
        hits.reason ->> 'factor' as factor,
        hits.mode,
        hits.position,
        (hits.reason ->> 'weight')::double precision as weight,
        (hits.reason ->> 'contribution')::double precision as contribution,
        {{ shown_measures('hits.reason') }} as measures,
        {{ shown_sentence('hits.reason') }} as sentence,
        hits.outcome
    from hits
    inner join transactions on hits.ingest_id = transactions.ingest_id
)

select * from final
