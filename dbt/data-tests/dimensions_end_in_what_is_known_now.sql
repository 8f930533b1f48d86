-- The current version of a customer or shop, and a device, is what staging
-- knows of it by the same orders.
{%- set dimensions = {
    'dim_customer': ('stg_customers', 'customer_id', [
        'customer_country', 'account_created_at', 'password_changed_at',
        'is_guest', 'email_pseudonym', 'phone_pseudonym', 'name_pseudonym',
    ]),
    'dim_merchant': ('stg_merchants', 'merchant_id', [
        'merchant_owner_id', 'merchant_category', 'merchant_country',
    ]),
    'dim_device': ('stg_devices', 'device_id', [
        'device_type', 'device_os', 'browser', 'browser_pseudonym',
    ]),
} %}
with final as (
    {%- for dimension, (known, key, attributes) in dimensions.items() %}
        {{ "union all" if not loop.first }}
        select
            '{{ dimension }}' as dimension,
            held.{{ key }} as key
        from (
            select * from {{ ref(dimension) }}
            where
                {{ newest_rows(ref(dimension), 'last_ingest_id') }}
                {{ "and is_current" if dimension != 'dim_device' }}
        ) as held
        inner join {{ ref(known) }} as known
            on
                held.{{ key }} = known.{{ key }}
                and held.last_ingest_id = known.last_ingest_id
        where
            (held.{{ attributes | join(", held.") }})
            is distinct from (known.{{ attributes | join(", known.") }})
    {%- endfor %}
)

select * from final
