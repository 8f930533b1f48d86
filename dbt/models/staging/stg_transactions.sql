{{ config(materialized='view') }}

with transactions as (
    select * from {{ ref('raw_transactions') }}
),

final as (
    select
        ingest_id,
        transaction_id,
        session_id,
        customer_id,
        merchant_id,
        merchant_owner_id,
        device_id,
        event_time as occurred_at,
        (event_time at time zone 'UTC')::date as order_date,
        coalesce(event_local_time, event_time at time zone 'UTC')
            as occurred_local_at,
        extract(hour from event_local_time)::smallint as local_hour,
        received_at,
        coalesce(transaction_type, 'purchase') as transaction_type,
        transaction_status,
        (
            transaction_type is distinct from 'refund'
            and transaction_status is distinct from 'declined'
        ) as is_completed,
        decline_code,
        amount,
        currency,
        coalesce(jsonb_array_length(items), 0) as item_count,
        voucher_code,
        promotion_id,
        coalesce(discount_amount, 0) as discount_amount,
        {{ folded_method('payment_method') }} as payment_method,
        card_bin,
        card_country,
        customer_country,
        account_created_at,
        is_guest,
        failed_login_attempts,
        password_changed_at,
        device_type,
        device_os,
        browser,
        ip_country,
        is_vpn,
        merchant_category,
        merchant_country,
        shipping_country,
        billing_country,
        profile_parts,
        email_pseudonym,
        phone_pseudonym,
        name_pseudonym,
        card_pseudonym,
        browser_pseudonym,
        ip_pseudonym,
        shipping_pseudonym,
        billing_pseudonym
    from transactions
)

select * from final
