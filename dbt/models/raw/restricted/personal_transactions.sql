{{
    config(
        incremental_strategy='append',
        indexes=[
            {'columns': ['ingest_id'], 'unique': true},
            {'columns': ['customer_id']},
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
        landed.transaction_id,
        {{ shop_key('landed.customer_id') }} as customer_id,
        landed.event_time as occurred_at,
        event.customer_email,
        event.customer_phone,
        event.customer_name,
        event.card_fingerprint,
        event.browser_fingerprint,
        event.ip_address,
        {{ degrees('event.ip_latitude') }} as ip_latitude,
        {{ degrees('event.ip_longitude') }} as ip_longitude,
        event.referrer_url,
        event.shipping ->> 'city' as shipping_city,
        event.shipping ->> 'postal_code' as shipping_postal_code,
        {{ degrees("(event.shipping ->> 'latitude')") }} as shipping_latitude,
        {{ degrees("(event.shipping ->> 'longitude')") }} as shipping_longitude,
        event.billing ->> 'city' as billing_city,
        event.billing ->> 'postal_code' as billing_postal_code,
        {{ degrees("(event.billing ->> 'latitude')") }} as billing_latitude,
        {{ degrees("(event.billing ->> 'longitude')") }} as billing_longitude
    from landed
    cross join lateral json_to_record(landed.payload::json) as event (
        customer_email text,
        customer_phone text,
        customer_name text,
        card_fingerprint text,
        browser_fingerprint text,
        ip_address text,
        ip_latitude numeric,
        ip_longitude numeric,
        referrer_url text,
        shipping jsonb,
        billing jsonb
    )
)

select * from final
