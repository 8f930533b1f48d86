{{ config(materialized='view') }}

with rules as (
    select * from {{ ref('raw_rules') }}
),

final as (
    select
        rule_set_version,
        rule_id,
        mode
    from rules
)

select * from final
