{#- An optional time of the message as timestamptz; null outside of the years
    1900 to 2099, or at an offset of 16 hours and more. RFC 3339 allows both,
    Postgres refuses the offset, and one such order would stop every model. -#}
{% macro plausible_instant(text) -%}
    case
        when {{ text }} ~ '^(19|20)[0-9]{2}-.*([Zz]|[+-](0[0-9]|1[0-5]):[0-9]{2})$'
            then {{ text }}::timestamptz
    end
{%- endmacro %}
