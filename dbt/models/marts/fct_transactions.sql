{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id'], 'unique': true},
            {'columns': ['transaction_id'], 'unique': true},
            {'columns': ['customer_id']},
            {'columns': ['occurred_at']},
        ]
    )
}}

with transactions as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window() }}
),

decisions as (
    select * from {{ ref('stg_decisions') }}
    where {{ ingest_window() }}
),

final as (
    select
        transactions.ingest_id,
        transactions.transaction_id,
        transactions.session_id,
        transactions.customer_id,
        transactions.merchant_id,
        transactions.device_id,
        transactions.occurred_at,
        transactions.received_at,
        decisions.decided_at,
        transactions.transaction_type,
        transactions.transaction_status,
        transactions.decline_code,
        transactions.amount,
        transactions.currency,
        transactions.discount_amount::numeric(18, 4) as discount_amount,
        transactions.voucher_code,
        transactions.promotion_id,
        transactions.item_count,
        transactions.payment_method,
        transactions.card_country,
        transactions.ip_country,
        transactions.is_vpn,
        transactions.shipping_country,
        transactions.billing_country,
        decisions.rule_set_version,
        decisions.outcome,
        decisions.is_flagged,
        decisions.score,
        decisions.velocity_score,
        decisions.geographic_score,
        decisions.behavioural_score,
        decisions.profile_score,
        decisions.amount_score,
        decisions.temporal_score,
        decisions.rules,
        decisions.main_reason
    from transactions
    left join decisions on transactions.ingest_id = decisions.ingest_id
)

select * from final
