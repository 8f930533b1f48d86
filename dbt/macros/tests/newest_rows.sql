{#- The condition for the rows that data tests look at: the newest `test_window`
    of `column`, which an increment brings, so that a run costs the same in the
    tenth year; all of them when the variable is 0. A literal, so that Postgres
    reads a short index range. -#}
{% macro newest_rows(relation, column='ingest_id') -%}
    {%- if execute and var('test_window') -%}
        {{ column }} > {{ highest(relation, column) | int - var('test_window') }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- What every generic test reads instead of the whole relation: the rows of its
    `where`, if it has one, and of those the newest, if the model is read on by
    ingest_id or last_ingest_id. -#}
{% macro get_where_subquery(relation) -%}
    {%- set conditions = [] -%}
    {%- do conditions.append(config.get('where')) if config.get('where') -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if (
            node.resource_type == 'model'
            and node.name == relation.identifier
        ) -%}
            {%- set known = ['ingest_id', 'last_ingest_id'] | select(
                'in', node.columns
            ) | list -%}
            {%- do conditions.append(newest_rows(relation, known[0])) if known -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if conditions -%}
        {%- do return(
            "(select * from " ~ relation ~ " where "
            ~ conditions | join(" and ") ~ ") as tested"
        ) -%}
    {%- else -%}
        {%- do return(relation) -%}
    {%- endif -%}
{%- endmacro %}
