{#- What an analyst may read of a reason, which quotes the values that fired its
    rule. Numbers and flags say nothing of who somebody is; a text may, so only
    texts from this list are shown, and a sentence that quotes another is not. -#}
{% macro shown_texts() -%}
    (
        'currency', 'payment_method', 'transaction_type', 'transaction_status',
        'decline_code', 'customer_country', 'device_type', 'device_os',
        'browser', 'ip_country', 'card_country', 'card_bin', 'merchant_country',
        'merchant_category', 'shipping_country', 'billing_country'
    )
{%- endmacro %}


{% macro shown_sentence(reason) -%}
    case
        when not exists (
            select
            from jsonb_each({{ reason }} -> 'values') as given
            where
                jsonb_typeof(given.value) = 'string'
                and given.key not in {{ shown_texts() }}
        )
            then {{ reason }} ->> 'sentence'
    end
{%- endmacro %}


{% macro shown_measures(reason) -%}
    (
        select coalesce(jsonb_object_agg(given.key, given.value), '{}')
        from jsonb_each({{ reason }} -> 'values') as given
        where
            jsonb_typeof(given.value) in ('number', 'boolean')
            or given.key in {{ shown_texts() }}
    )
{%- endmacro %}
