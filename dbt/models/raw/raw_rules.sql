{{ config(materialized='view') }}

with rules as (
    select * from {{ source('stream', 'rule_set_rules') }}
),

final as (
    select
        rule_set_version,
        rule_id,
        mode,
        noted_at
    from rules
)

select * from final
