{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id'], 'unique': true},
            {'columns': ['transaction_id'], 'unique': true},
        ]
    )
}}

with landed as (
    select *
    from {{ source('stream', 'transactions_stream') }}
    where {{ ingest_window() }}
),

final as (
    select
        landed.ingest_id,
        landed.topic,
        landed.kafka_partition,
        landed.kafka_offset,
        landed.transaction_id,
        landed.customer_id,
        landed.event_time,
        landed.received_at,
        event.schema_version,
        event.session_id,
        event.merchant_id,
        event.merchant_owner_id,
        event.device_id,
        event.transaction_type,
        event.transaction_status,
        event.decline_code,
        event.amount,
        event.currency,
        event.items,
        event.voucher_code,
        event.promotion_id,
        event.discount_amount,
        event.payment_method,
        event.card_fingerprint,
        event.card_bin,
        event.card_country,
        event.customer_email,
        event.customer_phone,
        event.customer_name,
        event.customer_country,
        {{ plausible_instant('event.account_created_at') }}
            as account_created_at,
        event.is_guest,
        event.failed_login_attempts,
        {{ plausible_instant('event.password_changed_at') }}
            as password_changed_at,
        event.device_type,
        event.device_os,
        event.browser,
        event.browser_fingerprint,
        event.ip_address,
        event.ip_country,
        {{ degrees('event.ip_latitude') }} as ip_latitude,
        {{ degrees('event.ip_longitude') }} as ip_longitude,
        event.is_vpn,
        event.referrer_url,
        event.merchant_category,
        event.merchant_country,
        event.shipping ->> 'country' as shipping_country,
        event.shipping ->> 'city' as shipping_city,
        event.shipping ->> 'postal_code' as shipping_postal_code,
        {{ degrees("(event.shipping ->> 'latitude')") }} as shipping_latitude,
        {{ degrees("(event.shipping ->> 'longitude')") }} as shipping_longitude,
        event.billing ->> 'country' as billing_country,
        event.billing ->> 'city' as billing_city,
        event.billing ->> 'postal_code' as billing_postal_code,
        {{ degrees("(event.billing ->> 'latitude')") }} as billing_latitude,
        {{ degrees("(event.billing ->> 'longitude')") }} as billing_longitude
    from landed
    cross join lateral json_to_record(landed.payload::json) as event (
        schema_version integer,
        session_id text,
        merchant_id text,
        merchant_owner_id text,
        device_id text,
        transaction_type text,
        transaction_status text,
        decline_code text,
        amount numeric(18, 4),
        currency text,
        items jsonb,
        voucher_code text,
        promotion_id text,
        discount_amount numeric,
        payment_method text,
        card_fingerprint text,
        card_bin text,
        card_country text,
        customer_email text,
        customer_phone text,
        customer_name text,
        customer_country text,
        account_created_at text,
        is_guest boolean,
        failed_login_attempts integer,
        password_changed_at text,
        device_type text,
        device_os text,
        browser text,
        browser_fingerprint text,
        ip_address text,
        ip_country text,
        ip_latitude numeric,
        ip_longitude numeric,
        is_vpn boolean,
        referrer_url text,
        merchant_category text,
        merchant_country text,
        shipping jsonb,
        billing jsonb
    )
)

select * from final
