{%- set keys = ['customer_id', 'entity_type', 'entity'] -%}
{{ kept_by(keys, looked_up=['entity_type', 'entity'], marks=['ingest_id']) }}

with transactions as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window(seen='last_ingest_id') }}
),

entries as (
    select
        transactions.customer_id,
        used.entity_type,
        used.entity,
        transactions.ingest_id,
        transactions.occurred_at as first_used_at,
        transactions.occurred_at as last_used_at,
        1 as order_count
    from transactions,
        lateral (
            values
            ('account', transactions.customer_id),
            ('device', transactions.device_id),
            ('card', transactions.card_pseudonym),
            ('address', transactions.shipping_pseudonym),
            ('email', transactions.email_pseudonym)
        ) as used (entity_type, entity)
    where used.entity is not null
),

{{
    fold(
        keys=keys,
        counts=['order_count'],
        least={'first_used_at': 'timestamptz'},
        greatest={'last_used_at': 'timestamptz'},
        marks=['ingest_id']
    )
}}

select * from final
