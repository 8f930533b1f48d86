{{ config(materialized='view') }}

with transactions as (
    select * from {{ ref('fct_transactions') }}
),

limits as (
    select * from {{ ref('order_value_limits') }}
),

orders as (
    select
        transactions.*,
        limits.boosting_below,
        transactions.transaction_type = 'refund' as is_refund,
        coalesce(transactions.transaction_status, '') != 'declined' as is_paid,
        transactions.outcome != 'decline' as is_let_through,
        {{ loss_share('transactions') }} as loss_share
    from transactions
    left join limits on transactions.currency = limits.currency
),

final as (
    select
        ingest_id,
        transaction_id,
        customer_id,
        merchant_id,
        coalesce(merchant_category, 'unknown') as merchant_category,
        occurred_at,
        occurred_local_at::date as occurred_on,
        date_trunc('month', occurred_local_at)::date as occurred_in,
        date_trunc('hour', occurred_at, 'UTC') as hour_at,
        extract(hour from occurred_local_at)::integer as local_hour,
        payment_method,
        {{ card_network('card_bin') }} as card_network,
        coalesce(promotion_id, voucher_code, 'none') as campaign,
        currency,
        case when is_refund then abs(amount) else amount end
        ::numeric(18, 4) as amount,
        case when is_refund then abs(amount_reporting) else amount_reporting end
        ::numeric(18, 4) as amount_reporting,
        {%- for suffix in ('', '_reporting') %}
            round(abs(amount{{ suffix }}) * loss_share, 4)
            ::numeric(18, 4) as lost_if_fraud{{ suffix }},
            case
                when is_paid
                    then
                        abs(amount{{ suffix }})
                        - round(abs(amount{{ suffix }}) * loss_share, 4)
                else 0
            end::numeric(18, 4) as stopped_if_fraud{{ suffix }},
        {%- endfor %}
        discount_amount,
        discount_reporting::numeric(18, 4) as discount_amount_reporting,
        is_paid and not is_refund and discount_amount > 0 as has_rebate,
        voucher_code is not null as has_voucher,
        is_refund,
        is_paid and not is_refund as is_sale,
        is_paid and not is_refund and is_let_through as is_accepted,
        is_paid and is_refund and is_let_through as is_refunded,
        not is_refund and coalesce(amount < boosting_below, false)
            as is_below_limit,
        coalesce(customer_id = merchant_owner_id, false) as is_own_shop,
        outcome,
        is_flagged,
        score,
        rule_set_version
    from orders
)

select * from final
