{#- What was sold, over the outcomes of a group; net revenue is what was let
    through less what went back. -#}
{% macro revenue_measures() -%}
    {%- for count in [
        'order_count', 'sale_count', 'accepted_count', 'refund_count'
    ] -%}
    sum({{ count }})::bigint as {{ count }},
        {% endfor -%}
    {%- for column in ['', '_reporting'] -%}
    sum(gmv{{ column }})::numeric(38, 4) as gmv{{ column }},
        sum(discount_amount{{ column }})::numeric(38, 4)
            as discount_amount{{ column }},
        sum(refund_amount{{ column }})::numeric(38, 4)
            as refund_amount{{ column }},
        sum(accepted_amount{{ column }} - refund_amount{{ column }})
            ::numeric(38, 4) as net_revenue{{ column }}
    {{- ",\n        " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
