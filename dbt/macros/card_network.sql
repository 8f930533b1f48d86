{#- The card network that a BIN belongs to. Ranges: ISO/IEC 7812 issuer
    identification numbers, 4 for Visa, 51-55 and 2221-2720 for Mastercard. -#}
{% macro card_network(bin) -%}
    case
        when {{ bin }} is null then 'none'
        when {{ bin }} like '4%' then 'visa'
        when
            {{ bin }}
            ~ '^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)'
            then 'mastercard'
        else 'other'
    end
{%- endmacro %}
