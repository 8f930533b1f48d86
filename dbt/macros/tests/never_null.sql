{#- Rows in which any of `columns` is null: one query for all of them. -#}
{% test never_null(model, columns) %}
select *
from {{ model }}
where {{ columns | join(" is null or ") }} is null
{% endtest %}
