{%- set keys = ['merchant_id', 'card_network', 'counted_in'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        merchant_id,
        card_network,
        case when order_change = 1 then occurred_in else labelled_in end
            as counted_in,
        ingest_id,
        label_ingest_id,
        order_change * is_accepted::integer as card_sale_count,
        chargeback_change as chargeback_count
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'card_sale_count', 'chargeback_count',
        ]
    )
}}

select * from final
