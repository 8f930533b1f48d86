{%- set keys = ['occurred_on', 'currency', 'rule_set_version', 'outcome'] -%}
{{ kept_by(keys) }}

with journal as (
    select * from {{ ref('fct_order_journal') }}
    where {{ unfolded() }}
),

entries as (
    select
        occurred_on,
        currency,
        rule_set_version,
        outcome,
        ingest_id,
        label_ingest_id,
        order_change as order_count,
        order_change * is_refund::integer as refund_count,
        order_change * is_sale::integer as sale_count,
        order_change * is_accepted::integer as accepted_count,
        customer_day_change as customer_count,
        {{ verdict_counts() }},
        chargeback_change as chargeback_count,
        {{ money('gmv', 'is_sale') }},
        {{ money('accepted_amount', 'is_accepted') }},
        {{ money('refund_amount', 'is_refunded') }},
        {{
            money(
                'discount_amount', 'is_sale', 'order_change',
                'discount_amount'
            )
        }},
        {%- for verdict in [
            'confirmed_fraud', 'confirmed_legitimate',
            'simulated_fraud', 'simulated_legitimate',
        ] %}
        {{
            money(
                verdict ~ '_amount', 'is_sale', verdict ~ '_change'
            )
        }},
        {%- endfor %}
        {{
            money('loss', 'true', 'confirmed_fraud_change', 'lost_if_fraud')
        }},
        {{
            money(
                'simulated_loss', 'true', 'simulated_fraud_change',
                'lost_if_fraud'
            )
        }},
        {{
            money(
                'fraud_stopped', 'true', 'confirmed_fraud_change',
                'stopped_if_fraud'
            )
        }},
        {{
            money(
                'simulated_fraud_stopped', 'true', 'simulated_fraud_change',
                'stopped_if_fraud'
            )
        }}
    from journal
),

{{
    fold(
        keys=keys,
        counts=[
            'order_count', 'refund_count', 'sale_count', 'accepted_count',
            'customer_count', 'confirmed_fraud_count',
            'confirmed_legitimate_count', 'simulated_fraud_count',
            'simulated_legitimate_count', 'chargeback_count',
        ],
        money=[
            'gmv', 'accepted_amount', 'refund_amount', 'discount_amount',
            'confirmed_fraud_amount', 'confirmed_legitimate_amount',
            'simulated_fraud_amount', 'simulated_legitimate_amount', 'loss',
            'simulated_loss', 'fraud_stopped', 'simulated_fraud_stopped',
        ]
    )
}}

select * from final
