{#- `part` out of `whole` to four decimals, null out of nothing. -#}
{% macro share(part, whole) -%}
    (({{ part }})::numeric / nullif({{ whole }}, 0))::numeric(12, 4)
{%- endmacro %}
