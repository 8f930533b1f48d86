{%- set changes = [
    'confirmed_fraud_change', 'confirmed_legitimate_change',
    'simulated_fraud_change', 'simulated_legitimate_change',
    'chargeback_change',
] -%}
{%- set firsts = {
    'customer_day_change':
        ['customer_id', 'currency', 'occurred_in', 'occurred_on'],
    'customer_month_change': ['customer_id', 'currency', 'occurred_in'],
    'customer_shop_day_change':
        ['customer_id', 'currency', 'merchant_id', 'occurred_on'],
    'customer_shop_hour_change': ['customer_id', 'merchant_id', 'hour_at'],
    'customer_shop_change': ['customer_id', 'currency', 'merchant_id'],
    'customer_category_change':
        ['customer_id', 'currency', 'merchant_category'],
    'customer_campaign_change': ['campaign', 'customer_id', 'currency'],
    'shop_campaign_change': ['campaign', 'merchant_id', 'currency'],
} -%}
{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['entry_id'], 'unique': true},
            {'columns': ['ingest_id']},
            {'columns': ['label_ingest_id']},
            {'columns': ['customer_id', 'merchant_id', 'occurred_on']},
            {'columns': ['customer_id', 'occurred_in', 'occurred_on']},
            {'columns': ['customer_id', 'merchant_category']},
            {'columns': ['campaign', 'customer_id']},
            {'columns': ['campaign', 'merchant_id']},
        ]
    )
}}
{%- set is_new = ingest_window('orders.ingest_id') -%}
{%- set is_new_label = ingest_window(
    'labels.label_ingest_id', seen='label_ingest_id'
) %}

with relabelled as (
    select distinct labels.transaction_id
    from {{ ref('stg_label_changes') }} as labels
    where {{ is_new_label }}
),

affected as (
    select orders.*
    from {{ ref('vw_orders') }} as orders
    where {{ is_new }}
    union all
    select orders.*
    from relabelled,
        lateral (
            select landed_before.*
            from {{ ref('vw_orders') }} as landed_before
            where landed_before.transaction_id = relabelled.transaction_id
            order by landed_before.ingest_id
            limit 1
        ) as orders
    where not {{ is_new }}
),

landings as (
    select
        orders.ingest_id as entry_id,
        0::bigint as label_ingest_id,
        null::date as labelled_in,
        1 as order_change,
        {{ "0 as " ~ changes | join(",\n        0 as ") }},
        {{ firsts_landed(firsts) }},
        orders.*
    from affected as orders
    where {{ is_new }}
),

judgements as (
    select
        labels.label_ingest_id as entry_id,
        labels.label_ingest_id,
        labels.labelled_in,
        0 as order_change,
        {{ "labels." ~ changes | join(",\n        labels.") }},
        {{ "0 as " ~ firsts | join(",\n        0 as ") }},
        orders.*
    from affected as orders
    inner join {{ ref('stg_label_changes') }} as labels
        on orders.transaction_id = labels.transaction_id
    where {{ is_new }} or {{ is_new_label }}
),

final as (
    select * from landings
    union all
    select * from judgements
)

select * from final  -- noqa: AM04, the columns of vw_orders
