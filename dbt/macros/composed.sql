{#- An id in the one form that the stream knows it by: composed (NFC). The
    message as sent may spell the same id with combining characters. -#}
{% macro composed(id) -%}
    normalize({{ id }}, nfc)
{%- endmacro %}
