{{ config(materialized='view') }}

with months as (
    select * from {{ ref('mart_shop_card_months') }}
),

bands as (
    select * from {{ ref('chargeback_bands') }}
),

ratios as (
    select
        months.merchant_id,
        months.card_network,
        months.counted_in,
        months.card_sale_count,
        coalesce(before.card_sale_count, 0) as sales_month_before,
        months.chargeback_count,
        case months.card_network
            when 'mastercard' then coalesce(before.card_sale_count, 0)
            else months.card_sale_count
        end as ratio_base_count
    from months
    left join months as before
        on
            months.merchant_id = before.merchant_id
            and months.card_network = before.card_network
            and months.counted_in
            = (before.counted_in + interval '1 month')::date
    where
        months.card_network != 'none'
        and (months.card_sale_count > 0 or months.chargeback_count > 0)
),

watched as (
    select
        ratios.*,
        bands.program,
        bands.band,
        bands.minimum_ratio,
        ratios.chargeback_count > 0
        and ratios.chargeback_count
        >= bands.minimum_ratio * ratios.ratio_base_count as is_reached,
        ratios.chargeback_count >= bands.minimum_count as is_counted
    from ratios
    left join bands
        on
            ratios.card_network = bands.card_network
            and ratios.counted_in >= bands.valid_from
            and (bands.valid_to is null or ratios.counted_in < bands.valid_to)
),

worst as (
    select distinct on (merchant_id, card_network, counted_in) *
    from watched
    order by
        merchant_id asc,
        card_network asc,
        counted_in asc,
        is_reached desc,
        is_counted desc,
        minimum_ratio desc
),

final as (
    select
        merchant_id,
        card_network,
        counted_in,
        card_sale_count,
        sales_month_before,
        chargeback_count,
        {{ share('chargeback_count', 'ratio_base_count') }}
            as chargeback_ratio,
        case when is_reached then program end as program,
        case
            when band is null then 'no programme'
            when not is_reached then 'within'
            when is_counted then band
            else 'above_ratio_few_cases'
        end as band
    from worst
)

select * from final
