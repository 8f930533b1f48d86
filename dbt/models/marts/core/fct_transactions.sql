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
{%- set carried = [
    'ingest_id', 'transaction_id', 'session_id',
    'customer_id', 'merchant_id', 'merchant_owner_id',
    'device_id', 'occurred_at', 'order_date',
    'occurred_local_at', 'local_hour', 'received_at',
    'decided_at', 'transaction_type', 'transaction_status',
    'is_completed', 'decline_code', 'amount',
    'currency', 'amount_reporting', 'discount_amount',
    'discount_reporting', 'voucher_code', 'promotion_id',
    'item_count', 'payment_method', 'card_bin',
    'card_country', 'ip_country', 'is_vpn',
    'merchant_category', 'merchant_country', 'shipping_country',
    'billing_country', 'customer_country', 'is_guest',
    'email_pseudonym', 'phone_pseudonym', 'name_pseudonym',
    'card_pseudonym', 'browser_pseudonym', 'ip_pseudonym',
    'shipping_pseudonym', 'billing_pseudonym', 'rule_set_version',
    'outcome', 'is_flagged', 'decided_by', 'score',
    'velocity_score', 'geographic_score', 'behavioural_score',
    'profile_score', 'amount_score', 'temporal_score',
    'rules', 'main_rule', 'main_reason',
] -%}

with transactions as (
    select * from {{ ref('stg_transactions') }}
    where {{ ingest_window() }} and ingest_id <= {{ versions_reach }}
),

decisions as (
    select * from {{ ref('stg_decisions') }}
    where {{ ingest_window() }} and ingest_id <= {{ versions_reach }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

landed as (
    select
        transactions.ingest_id,
        transactions.transaction_id,
        transactions.session_id,
        transactions.customer_id,
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
        decisions.decided_by,
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
    from transactions
    left join decisions on transactions.ingest_id = decisions.ingest_id
    left join rates on transactions.currency = rates.currency
),

earliest as (
    select
        customer_id,
        min(occurred_at) as since
    from transactions
    group by customer_id
),

-- A late order can change which version its customer's later orders meet.
orders as (
    select * from landed
    {%- if is_incremental() %}
        union all
        select
        {%- for column in carried %}
                later.{{ column }}{{ "," if not loop.last }}
        {%- endfor %}
        from earliest
        inner join {{ this }} as later
            on
                earliest.customer_id = later.customer_id
                and earliest.since <= later.occurred_at
    {%- endif %}
),

final as (
    select
        orders.*,
        version.customer_version_id
    from orders
    left join lateral (
        select customers.customer_version_id
        from customers
        where
            customers.customer_id = orders.customer_id
            and customers.valid_from <= orders.occurred_at
        order by customers.valid_from desc
        limit 1
    ) as version on true
)

select * from final
