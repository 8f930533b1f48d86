{{ config(materialized='view') }}

with transactions as (
    select * from {{ ref('stg_transactions') }}
),

final as (
    select
        ingest_id,
        transaction_id,
        session_id,
        customer_id,
        device_id,
        occurred_at,
        local_hour,
        failed_login_attempts,
        is_guest,
        is_vpn,
        voucher_code is not null as has_voucher,
        customer_id = merchant_owner_id as is_own_shop,
        coalesce(ip_country != shipping_country, false) as is_ip_abroad,
        coalesce(card_country != billing_country, false) as is_card_abroad,
        coalesce(shipping_pseudonym != billing_pseudonym, false)
            as is_shipped_elsewhere,
        extract(epoch from occurred_at - account_created_at)
        / 86400 as account_age_days,
        extract(epoch from occurred_at - password_changed_at)
        / 3600 as password_age_hours,
        (profile_parts / 6.0)::numeric(5, 4) as profile_completeness
    from transactions
)

select * from final
