{#- The order's time by the customer's clock, without a zone. The message's own
    offset says it unless it is that of UTC, which most senders use for
    everything; then the sun does: an hour for each 15 degrees of `longitude`, to
    the minute. Null without both. Its hour is that of scoring
    (order/clock.py). -#}
{% macro local_time(sent, at, longitude) -%}
    case
        when {{ sent }} !~ '([Zz]|[+-]00:?00)$'
            then substr({{ sent }}, 1, 19)::timestamp
        else
            date_trunc('minute', {{ at }} at time zone 'UTC')
            + {{ degrees(longitude) }} / 15 * interval '1 hour'
    end
{%- endmacro %}
