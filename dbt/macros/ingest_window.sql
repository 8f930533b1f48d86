{#- The condition on `ingest_id` for the rows that this model has not seen yet.

    Low end: the highest `seen` of the model itself. The stream's single
    writer hands out ingest_id in commit order, so whatever a run did not see
    lies above all that it saw, however late its event time.
    High end, for a model with several inputs: as far as all of `inputs` reach,
    so that a row is never taken before its partner is there.
    Both are looked up first and written as literals: Postgres then plans a
    short index range; with sub-queries it reads the whole history. -#}
{% macro ingest_window(column='ingest_id', seen='ingest_id', inputs=[]) -%}
    {%- if not execute -%}
        true
    {%- else -%}
        {{ column }} > {{ _highest(this, seen) if is_incremental() else 0 }}
        {%- if inputs %}
        and {{ column }} <= {{ _shortest_reach(inputs) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro _highest(relation, column='ingest_id') -%}
    {{ return(run_query(
        "select coalesce(max(" ~ column ~ "), 0) from " ~ relation
    ).columns[0].values()[0]) }}
{%- endmacro %}

{% macro _shortest_reach(inputs) -%}
    {%- set reaches = [] -%}
    {%- for relation in inputs -%}
        {%- do reaches.append(_highest(relation)) -%}
    {%- endfor -%}
    {{ return(reaches | min) }}
{%- endmacro %}
