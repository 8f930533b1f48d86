{#- The condition on `column` for the rows that this model has not seen yet:
    above the highest `seen` of the model itself.

    The stream's single writer hands out ingest_id in commit order, so whatever
    a run did not see lies above all that it saw, however late its event time.
    The highest is looked up first and written as a literal: Postgres then reads
    a short index range, where a sub-query would cost it the whole history. -#}
{% macro ingest_window(column='ingest_id', seen='ingest_id') -%}
    {%- do hold() -%}
    {%- if execute and is_incremental() -%}
        {%- set highest = run_query(
            "select coalesce(max(" ~ seen ~ "), 0) from " ~ this
        ) -%}
        {{ column }} > {{ highest.columns[0].values()[0] }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- The highest `column` of a relation, as a literal; 0 when it is empty. -#}
{% macro highest(relation, column) -%}
    {%- if execute -%}
        {{- run_query(
            "select coalesce(max(" ~ column ~ "), 0) from " ~ relation
        ).columns[0].values()[0] -}}
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}
