-- A version ends where the next one of the customer begins, and one is current.
with touched as (
    select distinct customer_id
    from {{ ref('dim_customer') }}
    where {{ newest_rows(ref('dim_customer'), 'last_ingest_id') }}
),

versions as (
    select
        dim_customer.customer_id,
        dim_customer.valid_to,
        dim_customer.is_current,
        lead(dim_customer.valid_from) over (
            partition by dim_customer.customer_id
            order by dim_customer.valid_from
        ) as next_from
    from touched
    inner join {{ ref('dim_customer') }} as dim_customer
        on touched.customer_id = dim_customer.customer_id
),

final as (
    select * from versions
    where
        valid_to is distinct from next_from
        or is_current != (next_from is null)
)

select * from final
