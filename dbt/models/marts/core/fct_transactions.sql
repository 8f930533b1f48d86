{{
    config(
        incremental_strategy='delete+insert',
        unique_key='ingest_id',
        indexes=[
            {'columns': ['ingest_id'], 'unique': true},
            {'columns': ['transaction_id'], 'unique': true},
            {'columns': ['customer_id', 'occurred_at']},
            {'columns': ['order_date']},
        ]
    )
}}
{#- Facts go as far as dim_customer does, so that a version looked up stays
    right until an order lands that this model has not seen either. -#}
{%- set versions_reach = highest(ref('dim_customer'), 'last_ingest_id') -%}

with transactions as not materialized (
    select * from {{ ref('stg_transactions') }}
),

decisions as (
    select * from {{ ref('stg_decisions') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

landed as (
    select
        ingest_id,
        customer_id,
        occurred_at
    from transactions
    where {{ ingest_window() }} and ingest_id <= {{ versions_reach }}
),

-- A late order can change which version its customer's later orders meet.
earliest as (
    select
        customer_id,
        min(occurred_at) as since
    from landed
    group by customer_id
),

to_make as (
    select ingest_id from landed
    {%- if is_incremental() %}
        union
        select later.ingest_id
        from earliest
        inner join {{ this }} as later
            on
                earliest.customer_id = later.customer_id
                and earliest.since <= later.occurred_at
    {%- endif %}
),

final as (
    select
        transactions.ingest_id,
        transactions.transaction_id,
        transactions.session_id,
        transactions.customer_id,
        customers.customer_version_id,
        transactions.merchant_id,
        transactions.merchant_owner_id,
        transactions.device_id,
        transactions.occurred_at,
        transactions.order_date,
        transactions.occurred_local_at,
        transactions.local_hour,
        transactions.received_at,
        decisions.decided_at,
        transactions.transaction_type,
        transactions.transaction_status,
        transactions.is_completed,
        transactions.decline_code,
        transactions.amount,
        transactions.currency,
        round(transactions.amount / rates.units_per_reporting_unit, 4)
        ::numeric(18, 4) as amount_reporting,
        transactions.discount_amount::numeric(18, 4) as discount_amount,
        round(transactions.discount_amount / rates.units_per_reporting_unit, 4)
        ::numeric(18, 4) as discount_reporting,
        transactions.voucher_code,
        transactions.promotion_id,
        transactions.item_count,
        transactions.payment_method,
        transactions.card_bin,
        transactions.card_country,
        transactions.ip_country,
        transactions.is_vpn,
        transactions.merchant_category,
        transactions.merchant_country,
        transactions.shipping_country,
        transactions.billing_country,
        transactions.customer_country,
        transactions.is_guest,
        transactions.email_pseudonym,
        transactions.phone_pseudonym,
        transactions.name_pseudonym,
        transactions.card_pseudonym,
        transactions.browser_pseudonym,
        transactions.ip_pseudonym,
        transactions.shipping_pseudonym,
        transactions.billing_pseudonym,
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
        decisions.main_rule,
        decisions.main_reason
    from to_make
    inner join transactions on to_make.ingest_id = transactions.ingest_id
    left join decisions on to_make.ingest_id = decisions.ingest_id
    left join rates on transactions.currency = rates.currency
    left join customers
        on
            transactions.customer_id = customers.customer_id
            and transactions.occurred_at >= customers.valid_from
            and (
                customers.valid_to is null
                or transactions.occurred_at < customers.valid_to
            )
)

select * from final
