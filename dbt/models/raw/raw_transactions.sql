{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id'], 'unique': true},
            {'columns': ['transaction_id'], 'unique': true},
            {'columns': ['customer_id', 'event_time']},
            {'columns': ['merchant_id', 'event_time']},
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
        {{ shop_key('landed.customer_id') }} as customer_id,
        landed.event_time,
        landed.received_at,
        event.schema_version,
        {{ composed('event.session_id') }} as session_id,
        {{ shop_key(composed('event.merchant_id')) }} as merchant_id,
        {{ shop_key(composed('event.merchant_owner_id')) }}
            as merchant_owner_id,
        {{ composed('event.device_id') }} as device_id,
        {{
            local_time(
                'event.event_time',
                'landed.event_time',
                "coalesce((event.shipping ->> 'longitude')::numeric, "
                ~ "event.ip_longitude)"
            )
        }} as event_local_time,
        event.transaction_type,
        event.transaction_status,
        event.decline_code,
        event.amount,
        event.currency,
        event.items,
        {{ composed('event.voucher_code') }} as voucher_code,
        {{ composed('event.promotion_id') }} as promotion_id,
        event.discount_amount,
        {{ composed('event.payment_method') }} as payment_method,
        event.card_bin,
        event.card_country,
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
        event.ip_country,
        event.is_vpn,
        nullif(event.merchant_category, '') as merchant_category,
        event.merchant_country,
        event.shipping ->> 'country' as shipping_country,
        event.billing ->> 'country' as billing_country,
        num_nonnulls(
            nullif(event.customer_name, ''),
            nullif(event.customer_email, ''),
            nullif(event.customer_phone, ''),
            nullif(event.customer_country, ''),
            event.shipping,
            event.billing
        )::smallint as profile_parts,
        {{ pseudonym('email', folded_email('event.customer_email')) }}
            as email_pseudonym,
        {{ pseudonym('phone', folded_phone('event.customer_phone')) }}
            as phone_pseudonym,
        {{ pseudonym('name', folded_name('event.customer_name')) }}
            as name_pseudonym,
        {{ pseudonym('card', composed('event.card_fingerprint')) }}
            as card_pseudonym,
        {{ pseudonym('browser', composed('event.browser_fingerprint')) }}
            as browser_pseudonym,
        {{
            pseudonym('ip', "restricted.ip_network(nullif(event.ip_address, ''))")
        }} as ip_pseudonym,
        {{ pseudonym('address', folded_address('event.shipping')) }}
            as shipping_pseudonym,
        {{ pseudonym('address', folded_address('event.billing')) }}
            as billing_pseudonym
    from landed
    cross join lateral json_to_record(landed.payload::json) as event (
        schema_version integer,
        session_id text,
        merchant_id text,
        merchant_owner_id text,
        device_id text,
        event_time text,
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
        ip_longitude numeric,
        is_vpn boolean,
        merchant_category text,
        merchant_country text,
        shipping jsonb,
        billing jsonb
    )
)

select * from final
