{{ config(materialized='view') }}

with recursive entities as (
    select
        customer_id,
        entity_type,
        entity
    from {{ ref('mart_customer_entities') }}
    where entity_type != 'account'
),

shared as (
    select
        entity_type,
        entity
    from entities
    group by entity_type, entity
    having count(*) between 2 and {{ var('link_entity_customers') }}
),

direct as (
    select
        one.customer_id,
        other.customer_id as linked_customer_id,
        array_agg(distinct one.entity_type order by one.entity_type) as shares,
        count(*) as shared_count
    from entities as one
    inner join shared
        on one.entity_type = shared.entity_type and one.entity = shared.entity
    inner join entities as other
        on
            one.entity_type = other.entity_type
            and one.entity = other.entity
            and one.customer_id != other.customer_id
    group by one.customer_id, other.customer_id
),

paths as (
    select
        customer_id,
        linked_customer_id,
        1 as hops
    from direct
    union
    select
        paths.customer_id,
        direct.linked_customer_id,
        paths.hops + 1 as hops
    from paths
    inner join direct on paths.linked_customer_id = direct.customer_id
    where
        paths.hops < {{ var('link_hops') }}
        and paths.customer_id != direct.linked_customer_id
),

nearest as (
    select
        customer_id,
        linked_customer_id,
        min(hops) as hops
    from paths
    group by customer_id, linked_customer_id
),

final as (
    select
        nearest.customer_id,
        nearest.linked_customer_id,
        nearest.hops,
        array_to_string(direct.shares, ', ') as shared_entity_types,
        coalesce(direct.shared_count, 0)::bigint as shared_entity_count
    from nearest
    left join direct
        on
            nearest.customer_id = direct.customer_id
            and nearest.linked_customer_id = direct.linked_customer_id
)

select * from final
