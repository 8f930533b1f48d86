{%- set keys = ['rule_set_version', 'rule_id', 'other_rule_id'] -%}
{{ kept_by(keys, marks=['ingest_id']) }}

with decisions as (
    select * from {{ ref('stg_decisions') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

hits as (
    select
        ingest_id,
        rule_set_version,
        jsonb_array_elements_text('["(all orders)"]'::jsonb || rules)
            as rule_id
    from decisions
),

entries as (
    select
        hits.rule_set_version,
        hits.rule_id,
        other_hits.rule_id as other_rule_id,
        hits.ingest_id,
        1 as hit_count
    from hits
    inner join hits as other_hits on hits.ingest_id = other_hits.ingest_id
),

{{
    fold(
        keys=keys,
        counts=['hit_count'],
        marks=['ingest_id']
    )
}}

select * from final
