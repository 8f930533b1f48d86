{{ config(materialized='view') }}

with shops as (
    select * from {{ ref('vw_shop_totals') }}
),

ranked as (
    select
        merchant_id,
        sale_count,
        gmv_reporting,
        row_number() over (
            order by sale_count desc, gmv_reporting desc, merchant_id asc
        ) as sale_rank,
        row_number() over (
            order by gmv_reporting desc, sale_count desc, merchant_id asc
        ) as gmv_rank,
        count(*) over () as shop_count
    from shops
),

final as (
    select
        merchant_id,
        sale_count,
        sale_rank,
        {{ tier('sale_rank', 'shop_count') }} as sale_tier,
        gmv_reporting,
        gmv_rank,
        {{ tier('gmv_rank', 'shop_count') }} as gmv_tier,
        shop_count
    from ranked
)

select * from final
