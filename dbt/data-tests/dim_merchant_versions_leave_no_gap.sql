-- A version ends where the next one of the shop begins, and one is current.
with touched as (
    select distinct merchant_id
    from {{ ref('dim_merchant') }}
    where {{ newest_rows(ref('dim_merchant'), 'last_ingest_id') }}
),

versions as (
    select
        dim_merchant.merchant_id,
        dim_merchant.valid_to,
        dim_merchant.is_current,
        lead(dim_merchant.valid_from) over (
            partition by dim_merchant.merchant_id
            order by dim_merchant.valid_from
        ) as next_from
    from touched
    inner join {{ ref('dim_merchant') }} as dim_merchant
        on touched.merchant_id = dim_merchant.merchant_id
),

final as (
    select * from versions
    where
        valid_to is distinct from next_from
        or is_current != (next_from is null)
)

select * from final
