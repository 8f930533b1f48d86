{%- set keys = ['payment_method', 'local_hour', 'currency'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        payment_method,
        local_hour,
        currency,
        ingest_id,
        label_ingest_id,
        order_change as order_count,
        order_change * is_flagged::integer as flagged_count,
        {{ verdict_counts() }},
        {{ money('gmv', 'is_sale') }},
        {{
            money('loss', 'true', 'confirmed_fraud_change', 'lost_if_fraud')
        }},
        {{
            money(
                'simulated_loss', 'true', 'simulated_fraud_change',
                'lost_if_fraud'
            )
        }}
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'flagged_count', 'confirmed_fraud_count',
            'confirmed_legitimate_count', 'simulated_fraud_count',
            'simulated_legitimate_count',
        ],
        money=[
            'gmv', 'loss', 'simulated_loss',
        ]
    )
}}

select * from final
