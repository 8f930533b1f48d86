-- Whose personal fields are here has an order in raw_transactions, as far as
-- that reaches: a model that is built by itself may be ahead of it.
{%- set tested = newest_rows(ref('personal_transactions')) %}
with orders as (
    select coalesce(max(ingest_id), 0) as reach
    from {{ ref('raw_transactions') }}
),

final as (
    select personal.ingest_id
    from {{ ref('personal_transactions') }} as personal
    where
        {{ tested }}
        and personal.ingest_id <= (select orders.reach from orders)
        and not exists (
            select 1
            from {{ ref('raw_transactions') }} as landed
            where landed.ingest_id = personal.ingest_id
        )
)

select * from final
