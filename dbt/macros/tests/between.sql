{#- Rows in which any of `columns` lies outside `low` to `high`; null passes. -#}
{% test between(model, columns, low, high) %}
select *
from {{ model }}
where
    {%- for column in columns %}
    {{ "or " if not loop.first -}}
    not {{ column }} between {{ low }} and {{ high }}
    {%- endfor %}
{% endtest %}
