{#- An optional time of the message as timestamptz; null outside of the years
    1900 to 2099, or at an offset of 16 hours and more. RFC 3339 allows both, and
    as many digits of a second as one likes; Postgres refuses the offset and a
    hundred digits, and one such order would stop every model. -#}
{% macro plausible_instant(text) -%}
    case
        when {{ text }} ~ '^(19|20)[0-9]{2}-.*([Zz]|[+-](0[0-9]|1[0-5]):?[0-9]{2})$'
            then regexp_replace(
                {{ text }}, '([.][0-9]{20})[0-9]+', '\1'
            )::timestamptz
    end
{%- endmacro %}
