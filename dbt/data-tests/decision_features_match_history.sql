-- Generated from the catalogue of features by `fraud warehouse parity --write`;
-- change it there. Every feature stored with a decision equals the same feature
-- recomputed from raw orders, but for decisions that had counted a customer who was
-- erased since. Looks at a sample of the newest decisions; at all of them when the
-- variable parity_sample is 0.
{{ config(tags=['complete', 'parity']) }}

with orders as (
    select
        raw.ingest_id,
        raw.ingest_id as known_id,
        raw.event_time as seen_at,
        max(raw.event_time) over (order by raw.ingest_id) as newest_at,
        round(case when raw.transaction_type = 'refund' then abs(raw.amount) else raw.amount end * case when raw.currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 1 when raw.currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000 else 100 end) as amount,
        raw.currency,
        raw.customer_id as customer,
        raw.device_id as device,
        raw.ip_pseudonym as ip,
        raw.card_pseudonym as card,
        raw.email_pseudonym as email,
        raw.shipping_pseudonym as address,
        raw.voucher_code as voucher,
        raw.merchant_id as shop,
        raw.merchant_owner_id as owner,
        nullif(raw.merchant_category, '') as category,
        coalesce(raw.transaction_status = 'declined', false) as declined,
        coalesce(raw.transaction_type = 'refund', false) as refund,
        round(10000000 * (cos(radians(personal.ip_latitude)) * cos(radians(personal.ip_longitude)))) as x,
        round(10000000 * (cos(radians(personal.ip_latitude)) * sin(radians(personal.ip_longitude)))) as y,
        round(10000000 * (sin(radians(personal.ip_latitude)) * (personal.ip_longitude * 0 + 1))) as z
    from {{ ref('raw_transactions') }} as raw
    inner join {{ ref('personal_transactions') }} as personal
        on raw.ingest_id = personal.ingest_id
),

-- A label can come before its order; then it is known once that has landed. One that says of an
-- order what a label before it said is none.
labels as (
    select distinct on (labels.transaction_id, labels.label)
        greatest(labels.ingest_id, orders.ingest_id) as known_id,
        labels.labelled_at as seen_at,
        labels.label = 'fraud' as fraud,
        orders.shop,
        orders.device,
        orders.card
    from {{ ref('raw_labels') }} as labels
    inner join {{ ref('raw_transactions') }} as of_order
        on labels.transaction_id = of_order.transaction_id
    inner join orders on of_order.ingest_id = orders.ingest_id
    where labels.source != 'injected'
    order by labels.transaction_id, labels.label, labels.ingest_id
),

decisions as (
    select
        ingest_id,
        rule_set_version,
        features::jsonb as features
    from {{ ref('raw_decisions') }}
    where
        {{ newest_rows(ref('raw_transactions')) }}
        and ingest_id not in (
            select ingest_id from {{ source('stream', 'unverifiable_decisions') }}
        )
),

-- A snapshot holds what its rule set uses: whatever any decision of it shows.
used as (
    select distinct
        decisions.rule_set_version,
        feature.name
    from decisions
    cross join lateral jsonb_object_keys(decisions.features) as feature (name)
),

sampled as (
    select * from decisions
    order by md5(ingest_id::text)
    {% if var('parity_sample') %}limit {{ var('parity_sample') }}{% endif %}
),

decided as (
    select
        orders.*,
        least(
            greatest(orders.seen_at, orders.newest_at - interval '86400 seconds')
            - interval '300 seconds',
            orders.seen_at
        ) as since_5m,
        least(
            greatest(orders.seen_at, orders.newest_at - interval '86400 seconds')
            - interval '3600 seconds',
            orders.seen_at
        ) as since_1h,
        least(
            greatest(orders.seen_at, orders.newest_at - interval '86400 seconds')
            - interval '86400 seconds',
            orders.seen_at
        ) as since_24h,
        least(
            greatest(orders.seen_at, orders.newest_at - interval '86400 seconds')
            - interval '604800 seconds',
            orders.seen_at
        ) as since_7d,
        least(
            greatest(orders.seen_at, orders.newest_at - interval '86400 seconds')
            - interval '2592000 seconds',
            orders.seen_at
        ) as since_30d
    from sampled
    inner join orders on sampled.ingest_id = orders.ingest_id
),

customer_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_5m) as customer_orders_5m,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as customer_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as customer_orders_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as customer_orders_7d,
        count(past.known_id) filter (where past.seen_at >= decided.since_30d) as customer_orders_30d,
        count(*) filter (where past.seen_at >= decided.since_1h and past.declined) as customer_declines_1h,
        count(*) filter (where past.seen_at >= decided.since_24h and past.declined) as customer_declines_24h,
        count(*) filter (where past.seen_at >= decided.since_7d and past.refund) as customer_refunds_7d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.refund) as customer_refunds_30d,
        count(*) filter (where past.seen_at >= decided.since_24h and past.voucher is not null) as customer_voucher_orders_24h,
        count(*) filter (where past.seen_at >= decided.since_24h and past.declined)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_24h), 0) as customer_decline_share_24h,
        count(distinct past.card) filter (where past.seen_at >= decided.since_24h) as customer_cards_24h,
        count(distinct past.card) filter (where past.seen_at >= decided.since_7d) as customer_cards_7d,
        count(distinct past.device) filter (where past.seen_at >= decided.since_24h) as customer_devices_24h,
        count(distinct past.device) filter (where past.seen_at >= decided.since_7d) as customer_devices_7d,
        count(distinct past.ip) filter (where past.seen_at >= decided.since_24h) as customer_ips_24h,
        count(distinct past.shop) filter (where past.seen_at >= decided.since_1h) as customer_shops_1h,
        count(distinct past.shop) filter (where past.seen_at >= decided.since_24h) as customer_shops_24h,
        count(distinct past.shop) filter (where past.seen_at >= decided.since_7d) as customer_shops_7d,
        count(distinct past.address) filter (where past.seen_at >= decided.since_24h) as customer_addresses_24h,
        count(distinct past.address) filter (where past.seen_at >= decided.since_7d) as customer_addresses_7d,
        case when decided.device is not null then coalesce(bool_or(past.device = decided.device) filter (where past.seen_at >= decided.since_30d and past.seen_at < decided.since_24h), false) end as customer_device_known_30d,
        case when decided.card is not null then coalesce(bool_or(past.card = decided.card) filter (where past.seen_at >= decided.since_30d and past.seen_at < decided.since_24h), false) end as customer_card_known_30d,
        case when decided.address is not null then coalesce(bool_or(past.address = decided.address) filter (where past.seen_at >= decided.since_30d and past.seen_at < decided.since_24h), false) end as customer_address_known_30d,
        case when decided.shop is not null then coalesce(bool_or(past.shop = decided.shop) filter (where past.seen_at >= decided.since_24h), false) end as customer_shop_seen_24h,
        case when decided.device is not null then coalesce(bool_or(past.device = decided.device) filter (where past.seen_at >= decided.since_30d), false) end as customer_device_seen_30d,
        case when decided.card is not null then coalesce(bool_or(past.card = decided.card) filter (where past.seen_at >= decided.since_30d), false) end as customer_card_seen_30d,
        case when decided.address is not null then coalesce(bool_or(past.address = decided.address) filter (where past.seen_at >= decided.since_30d), false) end as customer_address_seen_30d,
        case when decided.category is not null then coalesce(bool_or(past.category = decided.category) filter (where past.seen_at >= decided.since_30d), false) end as customer_category_seen_30d,
        case when decided.shop is not null then coalesce(bool_or(past.shop = decided.shop) filter (where past.seen_at >= decided.since_30d), false) end as customer_shop_seen_30d,
        extract(epoch from decided.seen_at - (array_agg(past.seen_at order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) / 60.0 as customer_minutes_since_last,
        extract(epoch from decided.seen_at - min(past.seen_at) filter (where past.seen_at >= decided.since_30d)) / 86400.0 as customer_days_since_first,
        case when (decided.x - (array_agg(past.x order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) is not null then 12742.0 * asin(least(1.0, sqrt((decided.x - (array_agg(past.x order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) ^ 2 + (decided.y - (array_agg(past.y order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) ^ 2 + (decided.z - (array_agg(past.z order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) ^ 2) / 20000000)) end as customer_km_from_last,
        case when (decided.x - (array_agg(past.x order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) is not null then 12742.0 * asin(least(1.0, sqrt((decided.x - (array_agg(past.x order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) ^ 2 + (decided.y - (array_agg(past.y order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) ^ 2 + (decided.z - (array_agg(past.z order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1]) ^ 2) / 20000000)) end * 3600 / nullif(extract(epoch from decided.seen_at - (array_agg(past.seen_at order by past.seen_at desc, past.known_id desc) filter (where past.seen_at >= decided.since_30d))[1])::double precision, 0) as customer_speed_kmh,
        case when (decided.x - 10000000::double precision * coalesce(sum(past.x) filter (where past.seen_at >= decided.since_30d), 0) / nullif(sqrt((coalesce(sum(past.x) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.y) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.z) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2), 0)) is not null then 12742.0 * asin(least(1.0, sqrt((decided.x - 10000000::double precision * coalesce(sum(past.x) filter (where past.seen_at >= decided.since_30d), 0) / nullif(sqrt((coalesce(sum(past.x) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.y) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.z) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2), 0)) ^ 2 + (decided.y - 10000000::double precision * coalesce(sum(past.y) filter (where past.seen_at >= decided.since_30d), 0) / nullif(sqrt((coalesce(sum(past.x) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.y) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.z) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2), 0)) ^ 2 + (decided.z - 10000000::double precision * coalesce(sum(past.z) filter (where past.seen_at >= decided.since_30d), 0) / nullif(sqrt((coalesce(sum(past.x) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.y) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2 + (coalesce(sum(past.z) filter (where past.seen_at >= decided.since_30d), 0)) ^ 2), 0)) ^ 2) / 20000000)) end as customer_km_from_usual_30d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_24h) >= 3 then (select ((max(gap) - min(gap)) * count(*) / nullif(sum(gap), 0))::double precision from (select lag(moment, 1, extract(epoch from decided.seen_at)) over (order by place) - moment as gap from unnest((array_agg(extract(epoch from past.seen_at) order by past.seen_at desc) filter (where past.seen_at >= decided.since_24h))[1:8]) with ordinality as newest (moment, place)) as gaps) end as customer_gap_variation_24h
    from decided
    left join orders as past
        on decided.customer = past.customer and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_30d
    where decided.customer is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

device_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_5m) as device_orders_5m,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as device_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as device_orders_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as device_orders_7d,
        count(*) filter (where past.seen_at >= decided.since_1h and past.declined) as device_declines_1h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_1h) as device_customers_1h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as device_customers_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_7d) as device_customers_7d,
        count(distinct past.card) filter (where past.seen_at >= decided.since_24h) as device_cards_24h,
        count(distinct past.email) filter (where past.seen_at >= decided.since_24h) as device_emails_24h,
        count(distinct past.owner) filter (where past.seen_at >= decided.since_7d) as device_owners_7d,
        count(distinct past.voucher) filter (where past.seen_at >= decided.since_24h) as device_vouchers_24h,
        case when decided.card is not null then coalesce(bool_or(past.card = decided.card) filter (where past.seen_at >= decided.since_24h), false) end as device_card_seen_24h,
        case when decided.customer is not null then coalesce(bool_or(past.customer = decided.customer) filter (where past.seen_at >= decided.since_7d), false) end as device_customer_seen_7d,
        case when decided.shop is not null then coalesce(bool_or(past.shop = decided.shop) filter (where past.seen_at >= decided.since_7d), false) end as device_shop_seen_7d,
        case when decided.owner is not null then coalesce(bool_or(past.customer = decided.owner) filter (where past.seen_at >= decided.since_7d), false) end as device_owner_bought_7d
    from decided
    left join orders as past
        on decided.device = past.device and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_7d
    where decided.device is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

ip_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_5m) as ip_orders_5m,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as ip_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as ip_orders_24h,
        count(*) filter (where past.seen_at >= decided.since_1h and past.declined) as ip_declines_1h,
        count(*) filter (where past.seen_at >= decided.since_1h and past.declined)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_1h), 0) as ip_decline_share_1h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_1h) as ip_customers_1h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as ip_customers_24h,
        count(distinct past.card) filter (where past.seen_at >= decided.since_1h) as ip_cards_1h,
        count(distinct past.card) filter (where past.seen_at >= decided.since_24h) as ip_cards_24h
    from decided
    left join orders as past
        on decided.ip = past.ip and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_24h
    where decided.ip is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

card_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_5m) as card_orders_5m,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as card_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as card_orders_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as card_orders_7d,
        count(*) filter (where past.seen_at >= decided.since_1h and past.declined) as card_declines_1h,
        count(*) filter (where past.seen_at >= decided.since_24h and past.declined) as card_declines_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as card_customers_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_7d) as card_customers_7d,
        count(distinct past.ip) filter (where past.seen_at >= decided.since_1h) as card_ips_1h,
        count(distinct past.ip) filter (where past.seen_at >= decided.since_24h) as card_ips_24h,
        count(distinct past.shop) filter (where past.seen_at >= decided.since_1h) as card_shops_1h,
        count(distinct past.shop) filter (where past.seen_at >= decided.since_24h) as card_shops_24h,
        count(distinct past.owner) filter (where past.seen_at >= decided.since_7d) as card_owners_7d,
        case when decided.customer is not null then coalesce(bool_or(past.customer = decided.customer) filter (where past.seen_at >= decided.since_7d), false) end as card_customer_seen_7d,
        case when decided.shop is not null then coalesce(bool_or(past.shop = decided.shop) filter (where past.seen_at >= decided.since_7d), false) end as card_shop_seen_7d,
        case when decided.owner is not null then coalesce(bool_or(past.customer = decided.owner) filter (where past.seen_at >= decided.since_7d), false) end as card_owner_bought_7d
    from decided
    left join orders as past
        on decided.card = past.card and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_7d
    where decided.card is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

email_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as email_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as email_orders_24h,
        count(distinct past.card) filter (where past.seen_at >= decided.since_24h) as email_cards_24h,
        case when decided.card is not null then coalesce(bool_or(past.card = decided.card) filter (where past.seen_at >= decided.since_24h), false) end as email_card_seen_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as email_customers_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_7d) as email_customers_7d
    from decided
    left join orders as past
        on decided.email = past.email and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_7d
    where decided.email is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

address_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as address_orders_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as address_orders_7d,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as address_customers_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_7d) as address_customers_7d,
        count(distinct past.card) filter (where past.seen_at >= decided.since_7d) as address_cards_7d
    from decided
    left join orders as past
        on decided.address = past.address and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_7d
    where decided.address is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

voucher_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as voucher_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as voucher_orders_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_1h) as voucher_customers_1h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as voucher_customers_24h,
        count(distinct past.device) filter (where past.seen_at >= decided.since_24h) as voucher_devices_24h,
        count(distinct past.address) filter (where past.seen_at >= decided.since_24h) as voucher_addresses_24h
    from decided
    left join orders as past
        on decided.voucher = past.voucher and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_24h
    where decided.voucher is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

shop_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as shop_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as shop_orders_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as shop_orders_7d,
        count(*) filter (where past.seen_at >= decided.since_1h and past.declined) as shop_declines_1h,
        count(*) filter (where past.seen_at >= decided.since_24h and past.declined)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_24h), 0) as shop_decline_share_24h,
        count(*) filter (where past.seen_at >= decided.since_7d and past.refund) as shop_refunds_7d,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_1h) as shop_customers_1h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as shop_customers_24h,
        count(distinct past.device) filter (where past.seen_at >= decided.since_1h) as shop_devices_1h,
        count(distinct past.device) filter (where past.seen_at >= decided.since_24h) as shop_devices_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h)::double precision / nullif(count(distinct past.customer) filter (where past.seen_at >= decided.since_1h), 0) as shop_orders_per_customer_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h)::double precision / nullif(count(distinct past.customer) filter (where past.seen_at >= decided.since_24h), 0) as shop_orders_per_customer_24h
    from decided
    left join orders as past
        on decided.shop = past.shop and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_7d
    where decided.shop is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

owner_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as owner_orders_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as owner_orders_24h,
        count(distinct past.customer) filter (where past.seen_at >= decided.since_24h) as owner_customers_24h,
        count(distinct past.device) filter (where past.seen_at >= decided.since_24h) as owner_devices_24h
    from decided
    left join orders as past
        on decided.owner = past.owner and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_24h
    where decided.owner is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

customer_spend_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as customer_purchases_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as customer_purchases_7d,
        count(past.known_id) filter (where past.seen_at >= decided.since_30d) as customer_purchases_30d,
        coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_24h), 0) as customer_amount_sum_24h,
        coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0) as customer_amount_sum_7d,
        coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) as customer_amount_sum_30d,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_24h), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_24h), 0)) as customer_amount_mean_24h,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_7d), 0)) as customer_amount_mean_7d,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_30d), 0)) as customer_amount_mean_30d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_30d) > 1 then sqrt(((count(past.known_id) filter (where past.seen_at >= decided.since_30d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_30d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)) / (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * (count(past.known_id) filter (where past.seen_at >= decided.since_30d) - 1)))::double precision) end as customer_amount_std_30d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_30d) > 1 and (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_30d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)) > 0 then (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * decided.amount - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0))::double precision / (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * (case when count(past.known_id) filter (where past.seen_at >= decided.since_30d) > 1 then sqrt(((count(past.known_id) filter (where past.seen_at >= decided.since_30d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_30d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)) / (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * (count(past.known_id) filter (where past.seen_at >= decided.since_30d) - 1)))::double precision) end)) end as customer_amount_z_30d,
        percentile_cont(0.5) within group (order by past.amount) filter (where past.seen_at >= decided.since_30d) as customer_amount_median_30d
    from decided
    left join orders as past
        on decided.customer = past.customer and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_30d and decided.currency = past.currency and not past.declined and not past.refund
    where decided.customer is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

shop_spend_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_1h) as shop_purchases_1h,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as shop_purchases_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_30d) as shop_purchases_30d,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_1h), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_1h), 0)) as shop_amount_mean_1h,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_24h), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_24h), 0)) as shop_amount_mean_24h,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_30d), 0)) as shop_amount_mean_30d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_30d) > 1 then sqrt(((count(past.known_id) filter (where past.seen_at >= decided.since_30d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_30d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)) / (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * (count(past.known_id) filter (where past.seen_at >= decided.since_30d) - 1)))::double precision) end as shop_amount_std_30d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_30d) > 1 and (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_30d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)) > 0 then (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * decided.amount - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0))::double precision / (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * (case when count(past.known_id) filter (where past.seen_at >= decided.since_30d) > 1 then sqrt(((count(past.known_id) filter (where past.seen_at >= decided.since_30d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_30d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_30d), 0)) / (count(past.known_id) filter (where past.seen_at >= decided.since_30d) * (count(past.known_id) filter (where past.seen_at >= decided.since_30d) - 1)))::double precision) end)) end as shop_amount_z_30d
    from decided
    left join orders as past
        on decided.shop = past.shop and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_30d and decided.currency = past.currency and not past.declined and not past.refund
    where decided.shop is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

category_spend_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as category_purchases_7d,
        (coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_7d), 0)) as category_amount_mean_7d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_7d) > 1 then sqrt(((count(past.known_id) filter (where past.seen_at >= decided.since_7d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_7d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0)) / (count(past.known_id) filter (where past.seen_at >= decided.since_7d) * (count(past.known_id) filter (where past.seen_at >= decided.since_7d) - 1)))::double precision) end as category_amount_std_7d,
        case when count(past.known_id) filter (where past.seen_at >= decided.since_7d) > 1 and (count(past.known_id) filter (where past.seen_at >= decided.since_7d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_7d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0)) > 0 then (count(past.known_id) filter (where past.seen_at >= decided.since_7d) * decided.amount - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0))::double precision / (count(past.known_id) filter (where past.seen_at >= decided.since_7d) * (case when count(past.known_id) filter (where past.seen_at >= decided.since_7d) > 1 then sqrt(((count(past.known_id) filter (where past.seen_at >= decided.since_7d) * coalesce(sum(past.amount * past.amount) filter (where past.seen_at >= decided.since_7d), 0) - coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0) * coalesce(sum(past.amount) filter (where past.seen_at >= decided.since_7d), 0)) / (count(past.known_id) filter (where past.seen_at >= decided.since_7d) * (count(past.known_id) filter (where past.seen_at >= decided.since_7d) - 1)))::double precision) end)) end as category_amount_z_7d
    from decided
    left join orders as past
        on decided.category = past.category and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_7d and decided.currency = past.currency and not past.declined and not past.refund
    where decided.category is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

shop_labels_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_24h) as shop_labels_24h,
        count(past.known_id) filter (where past.seen_at >= decided.since_7d) as shop_labels_7d,
        count(past.known_id) filter (where past.seen_at >= decided.since_30d) as shop_labels_30d,
        count(*) filter (where past.seen_at >= decided.since_24h and past.fraud) as shop_frauds_24h,
        count(*) filter (where past.seen_at >= decided.since_7d and past.fraud) as shop_frauds_7d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.fraud) as shop_frauds_30d,
        count(*) filter (where past.seen_at >= decided.since_24h and past.fraud)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_24h), 0) as shop_fraud_share_24h,
        count(*) filter (where past.seen_at >= decided.since_7d and past.fraud)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_7d), 0) as shop_fraud_share_7d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.fraud)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_30d), 0) as shop_fraud_share_30d
    from decided
    left join labels as past
        on decided.shop = past.shop and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_30d
    where decided.shop is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

device_labels_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_30d) as device_labels_30d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.fraud) as device_frauds_30d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.fraud)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_30d), 0) as device_fraud_share_30d
    from decided
    left join labels as past
        on decided.device = past.device and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_30d
    where decided.device is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

card_labels_features as (
    select
        decided.ingest_id,
        count(past.known_id) filter (where past.seen_at >= decided.since_30d) as card_labels_30d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.fraud) as card_frauds_30d,
        count(*) filter (where past.seen_at >= decided.since_30d and past.fraud)::double precision / nullif(count(past.known_id) filter (where past.seen_at >= decided.since_30d), 0) as card_fraud_share_30d
    from decided
    left join labels as past
        on decided.card = past.card and past.known_id < decided.ingest_id and past.seen_at < decided.seen_at and past.seen_at >= decided.since_30d
    where decided.card is not null
    group by decided.ingest_id, decided.seen_at, decided.amount, decided.currency, decided.customer, decided.device, decided.ip, decided.card, decided.email, decided.address, decided.voucher, decided.shop, decided.owner, decided.category, decided.x, decided.y, decided.z, decided.since_5m, decided.since_1h, decided.since_24h, decided.since_7d, decided.since_30d
),

recomputed as (
    select
        decided.ingest_id,
        jsonb_build_object('customer_orders_5m', customer_features.customer_orders_5m, 'customer_orders_1h', customer_features.customer_orders_1h, 'customer_orders_24h', customer_features.customer_orders_24h, 'customer_orders_7d', customer_features.customer_orders_7d, 'customer_orders_30d', customer_features.customer_orders_30d, 'customer_declines_1h', customer_features.customer_declines_1h, 'customer_declines_24h', customer_features.customer_declines_24h, 'customer_refunds_7d', customer_features.customer_refunds_7d, 'customer_refunds_30d', customer_features.customer_refunds_30d, 'customer_voucher_orders_24h', customer_features.customer_voucher_orders_24h, 'customer_decline_share_24h', customer_features.customer_decline_share_24h, 'customer_cards_24h', customer_features.customer_cards_24h, 'customer_cards_7d', customer_features.customer_cards_7d, 'customer_devices_24h', customer_features.customer_devices_24h, 'customer_devices_7d', customer_features.customer_devices_7d, 'customer_ips_24h', customer_features.customer_ips_24h, 'customer_shops_1h', customer_features.customer_shops_1h, 'customer_shops_24h', customer_features.customer_shops_24h, 'customer_shops_7d', customer_features.customer_shops_7d, 'customer_addresses_24h', customer_features.customer_addresses_24h, 'customer_addresses_7d', customer_features.customer_addresses_7d, 'customer_device_known_30d', customer_features.customer_device_known_30d, 'customer_card_known_30d', customer_features.customer_card_known_30d, 'customer_address_known_30d', customer_features.customer_address_known_30d, 'customer_shop_seen_24h', customer_features.customer_shop_seen_24h, 'customer_device_seen_30d', customer_features.customer_device_seen_30d, 'customer_card_seen_30d', customer_features.customer_card_seen_30d, 'customer_address_seen_30d', customer_features.customer_address_seen_30d, 'customer_category_seen_30d', customer_features.customer_category_seen_30d, 'customer_shop_seen_30d', customer_features.customer_shop_seen_30d, 'customer_minutes_since_last', customer_features.customer_minutes_since_last, 'customer_days_since_first', customer_features.customer_days_since_first, 'customer_km_from_last', customer_features.customer_km_from_last, 'customer_speed_kmh', customer_features.customer_speed_kmh, 'customer_km_from_usual_30d', customer_features.customer_km_from_usual_30d, 'customer_gap_variation_24h', customer_features.customer_gap_variation_24h, 'device_orders_5m', device_features.device_orders_5m, 'device_orders_1h', device_features.device_orders_1h, 'device_orders_24h', device_features.device_orders_24h, 'device_orders_7d', device_features.device_orders_7d) || jsonb_build_object('device_declines_1h', device_features.device_declines_1h, 'device_customers_1h', device_features.device_customers_1h, 'device_customers_24h', device_features.device_customers_24h, 'device_customers_7d', device_features.device_customers_7d, 'device_cards_24h', device_features.device_cards_24h, 'device_emails_24h', device_features.device_emails_24h, 'device_owners_7d', device_features.device_owners_7d, 'device_vouchers_24h', device_features.device_vouchers_24h, 'device_card_seen_24h', device_features.device_card_seen_24h, 'device_customer_seen_7d', device_features.device_customer_seen_7d, 'device_shop_seen_7d', device_features.device_shop_seen_7d, 'device_owner_bought_7d', device_features.device_owner_bought_7d, 'ip_orders_5m', ip_features.ip_orders_5m, 'ip_orders_1h', ip_features.ip_orders_1h, 'ip_orders_24h', ip_features.ip_orders_24h, 'ip_declines_1h', ip_features.ip_declines_1h, 'ip_decline_share_1h', ip_features.ip_decline_share_1h, 'ip_customers_1h', ip_features.ip_customers_1h, 'ip_customers_24h', ip_features.ip_customers_24h, 'ip_cards_1h', ip_features.ip_cards_1h, 'ip_cards_24h', ip_features.ip_cards_24h, 'card_orders_5m', card_features.card_orders_5m, 'card_orders_1h', card_features.card_orders_1h, 'card_orders_24h', card_features.card_orders_24h, 'card_orders_7d', card_features.card_orders_7d, 'card_declines_1h', card_features.card_declines_1h, 'card_declines_24h', card_features.card_declines_24h, 'card_customers_24h', card_features.card_customers_24h, 'card_customers_7d', card_features.card_customers_7d, 'card_ips_1h', card_features.card_ips_1h, 'card_ips_24h', card_features.card_ips_24h, 'card_shops_1h', card_features.card_shops_1h, 'card_shops_24h', card_features.card_shops_24h, 'card_owners_7d', card_features.card_owners_7d, 'card_customer_seen_7d', card_features.card_customer_seen_7d, 'card_shop_seen_7d', card_features.card_shop_seen_7d, 'card_owner_bought_7d', card_features.card_owner_bought_7d, 'email_orders_1h', email_features.email_orders_1h, 'email_orders_24h', email_features.email_orders_24h, 'email_cards_24h', email_features.email_cards_24h) || jsonb_build_object('email_card_seen_24h', email_features.email_card_seen_24h, 'email_customers_24h', email_features.email_customers_24h, 'email_customers_7d', email_features.email_customers_7d, 'address_orders_24h', address_features.address_orders_24h, 'address_orders_7d', address_features.address_orders_7d, 'address_customers_24h', address_features.address_customers_24h, 'address_customers_7d', address_features.address_customers_7d, 'address_cards_7d', address_features.address_cards_7d, 'voucher_orders_1h', voucher_features.voucher_orders_1h, 'voucher_orders_24h', voucher_features.voucher_orders_24h, 'voucher_customers_1h', voucher_features.voucher_customers_1h, 'voucher_customers_24h', voucher_features.voucher_customers_24h, 'voucher_devices_24h', voucher_features.voucher_devices_24h, 'voucher_addresses_24h', voucher_features.voucher_addresses_24h, 'shop_orders_1h', shop_features.shop_orders_1h, 'shop_orders_24h', shop_features.shop_orders_24h, 'shop_orders_7d', shop_features.shop_orders_7d, 'shop_declines_1h', shop_features.shop_declines_1h, 'shop_decline_share_24h', shop_features.shop_decline_share_24h, 'shop_refunds_7d', shop_features.shop_refunds_7d, 'shop_customers_1h', shop_features.shop_customers_1h, 'shop_customers_24h', shop_features.shop_customers_24h, 'shop_devices_1h', shop_features.shop_devices_1h, 'shop_devices_24h', shop_features.shop_devices_24h, 'shop_orders_per_customer_1h', shop_features.shop_orders_per_customer_1h, 'shop_orders_per_customer_24h', shop_features.shop_orders_per_customer_24h, 'owner_orders_1h', owner_features.owner_orders_1h, 'owner_orders_24h', owner_features.owner_orders_24h, 'owner_customers_24h', owner_features.owner_customers_24h, 'owner_devices_24h', owner_features.owner_devices_24h, 'customer_purchases_24h', customer_spend_features.customer_purchases_24h, 'customer_purchases_7d', customer_spend_features.customer_purchases_7d, 'customer_purchases_30d', customer_spend_features.customer_purchases_30d, 'customer_amount_sum_24h', customer_spend_features.customer_amount_sum_24h, 'customer_amount_sum_7d', customer_spend_features.customer_amount_sum_7d, 'customer_amount_sum_30d', customer_spend_features.customer_amount_sum_30d, 'customer_amount_mean_24h', customer_spend_features.customer_amount_mean_24h, 'customer_amount_mean_7d', customer_spend_features.customer_amount_mean_7d, 'customer_amount_mean_30d', customer_spend_features.customer_amount_mean_30d, 'customer_amount_std_30d', customer_spend_features.customer_amount_std_30d) || jsonb_build_object('customer_amount_z_30d', customer_spend_features.customer_amount_z_30d, 'customer_amount_median_30d', customer_spend_features.customer_amount_median_30d, 'shop_purchases_1h', shop_spend_features.shop_purchases_1h, 'shop_purchases_24h', shop_spend_features.shop_purchases_24h, 'shop_purchases_30d', shop_spend_features.shop_purchases_30d, 'shop_amount_mean_1h', shop_spend_features.shop_amount_mean_1h, 'shop_amount_mean_24h', shop_spend_features.shop_amount_mean_24h, 'shop_amount_mean_30d', shop_spend_features.shop_amount_mean_30d, 'shop_amount_std_30d', shop_spend_features.shop_amount_std_30d, 'shop_amount_z_30d', shop_spend_features.shop_amount_z_30d, 'category_purchases_7d', category_spend_features.category_purchases_7d, 'category_amount_mean_7d', category_spend_features.category_amount_mean_7d, 'category_amount_std_7d', category_spend_features.category_amount_std_7d, 'category_amount_z_7d', category_spend_features.category_amount_z_7d, 'shop_labels_24h', shop_labels_features.shop_labels_24h, 'shop_labels_7d', shop_labels_features.shop_labels_7d, 'shop_labels_30d', shop_labels_features.shop_labels_30d, 'shop_frauds_24h', shop_labels_features.shop_frauds_24h, 'shop_frauds_7d', shop_labels_features.shop_frauds_7d, 'shop_frauds_30d', shop_labels_features.shop_frauds_30d, 'shop_fraud_share_24h', shop_labels_features.shop_fraud_share_24h, 'shop_fraud_share_7d', shop_labels_features.shop_fraud_share_7d, 'shop_fraud_share_30d', shop_labels_features.shop_fraud_share_30d, 'device_labels_30d', device_labels_features.device_labels_30d, 'device_frauds_30d', device_labels_features.device_frauds_30d, 'device_fraud_share_30d', device_labels_features.device_fraud_share_30d, 'card_labels_30d', card_labels_features.card_labels_30d, 'card_frauds_30d', card_labels_features.card_frauds_30d, 'card_fraud_share_30d', card_labels_features.card_fraud_share_30d) as features
    from decided
    left join customer_features on decided.ingest_id = customer_features.ingest_id
    left join device_features on decided.ingest_id = device_features.ingest_id
    left join ip_features on decided.ingest_id = ip_features.ingest_id
    left join card_features on decided.ingest_id = card_features.ingest_id
    left join email_features on decided.ingest_id = email_features.ingest_id
    left join address_features on decided.ingest_id = address_features.ingest_id
    left join voucher_features on decided.ingest_id = voucher_features.ingest_id
    left join shop_features on decided.ingest_id = shop_features.ingest_id
    left join owner_features on decided.ingest_id = owner_features.ingest_id
    left join customer_spend_features on decided.ingest_id = customer_spend_features.ingest_id
    left join shop_spend_features on decided.ingest_id = shop_spend_features.ingest_id
    left join category_spend_features on decided.ingest_id = category_spend_features.ingest_id
    left join shop_labels_features on decided.ingest_id = shop_labels_features.ingest_id
    left join device_labels_features on decided.ingest_id = device_labels_features.ingest_id
    left join card_labels_features on decided.ingest_id = card_labels_features.ingest_id
),

expected as (
    select
        sampled.ingest_id,
        used.name,
        coalesce(
            sampled.features -> used.name, ('{"customer_orders_5m": 0, "customer_orders_1h": 0, "customer_orders_24h": 0, "customer_orders_7d": 0, "customer_orders_30d": 0, "customer_declines_1h": 0, "customer_declines_24h": 0, "customer_refunds_7d": 0, "customer_refunds_30d": 0, "customer_voucher_orders_24h": 0, "customer_cards_24h": 0, "customer_cards_7d": 0, "customer_devices_24h": 0, "customer_devices_7d": 0, "customer_ips_24h": 0, "customer_shops_1h": 0, "customer_shops_24h": 0, "customer_shops_7d": 0, "customer_addresses_24h": 0, "customer_addresses_7d": 0, "customer_device_known_30d": false, "customer_card_known_30d": false, "customer_address_known_30d": false, "customer_shop_seen_24h": false, "customer_device_seen_30d": false, "customer_card_seen_30d": false, "customer_address_seen_30d": false, "customer_category_seen_30d": false, "customer_shop_seen_30d": false, "device_orders_5m": 0, "device_orders_1h": 0, "device_orders_24h": 0, "device_orders_7d": 0, "device_declines_1h": 0, "device_customers_1h": 0, "device_customers_24h": 0, "device_customers_7d": 0, "device_cards_24h": 0, "device_emails_24h": 0, "device_owners_7d": 0, "device_vouchers_24h": 0, "device_card_seen_24h": false, "device_customer_seen_7d": false, "device_shop_seen_7d": false, "device_owner_bought_7d": false, "ip_orders_5m": 0, "ip_orders_1h": 0, "ip_orders_24h": 0, "ip_declines_1h": 0, "ip_customers_1h": 0, "ip_customers_24h": 0, "ip_cards_1h": 0, "ip_cards_24h": 0, "card_orders_5m": 0, "card_orders_1h": 0, "card_orders_24h": 0, "card_orders_7d": 0, "card_declines_1h": 0, "card_declines_24h": 0, "card_customers_24h": 0, "card_customers_7d": 0, "card_ips_1h": 0, "card_ips_24h": 0, "card_shops_1h": 0, "card_shops_24h": 0, "card_owners_7d": 0, "card_customer_seen_7d": false, "card_shop_seen_7d": false, "card_owner_bought_7d": false, "email_orders_1h": 0, "email_orders_24h": 0, "email_cards_24h": 0, "email_card_seen_24h": false, "email_customers_24h": 0, "email_customers_7d": 0, "address_orders_24h": 0, "address_orders_7d": 0, "address_customers_24h": 0, "address_customers_7d": 0, "address_cards_7d": 0, "shop_orders_1h": 0, "shop_orders_24h": 0, "shop_orders_7d": 0, "shop_declines_1h": 0, "shop_refunds_7d": 0, "shop_customers_1h": 0, "shop_customers_24h": 0, "shop_devices_1h": 0, "shop_devices_24h": 0, "owner_orders_1h": 0, "owner_orders_24h": 0, "owner_customers_24h": 0, "owner_devices_24h": 0, "customer_purchases_24h": 0, "customer_purchases_7d": 0, "customer_purchases_30d": 0, "customer_amount_sum_24h": 0, "customer_amount_sum_7d": 0, "customer_amount_sum_30d": 0, "shop_purchases_1h": 0, "shop_purchases_24h": 0, "shop_purchases_30d": 0, "category_purchases_7d": 0, "shop_labels_24h": 0, "shop_labels_7d": 0, "shop_labels_30d": 0, "shop_frauds_24h": 0, "shop_frauds_7d": 0, "shop_frauds_30d": 0, "device_labels_30d": 0, "device_frauds_30d": 0, "card_labels_30d": 0, "card_frauds_30d": 0}'::jsonb) -> used.name, 'null'
        ) as stored,
        recomputed.features -> used.name as recomputed
    from sampled
    inner join used on sampled.rule_set_version = used.rule_set_version
    inner join recomputed on sampled.ingest_id = recomputed.ingest_id
    where recomputed.features ? used.name
),

final as (
    select
        ingest_id,
        name,
        stored,
        recomputed
    from expected
    where
        case
            when
                jsonb_typeof(stored) = 'number'
                and jsonb_typeof(recomputed) = 'number'
                then
                    abs(stored::double precision - recomputed::double precision)
                    > 1e-6 * greatest(1, abs(stored::double precision))
            else stored != recomputed
        end
)

select * from final
