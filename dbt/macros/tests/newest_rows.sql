{#- The condition for the rows that data tests look at: those whose `column` lies
    within `test_window` of the highest of `relation`, which an increment brings,
    so that a run costs the same in the tenth year; all of them when the variable
    is 0. Never one with 0, which is the mark of no label. A literal, so that
    Postgres reads a short index range. -#}
{% macro newest_rows(relation, column='ingest_id', highest_column=none) -%}
    {%- if execute and var('test_window') -%}
        {%- set last = highest(relation, highest_column or column) | int -%}
        {{ column }} > {{ [last - var('test_window'), 0] | max }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- What every generic test reads instead of the whole relation: the rows of its
    `where`, if it has one, and of those the newest, if the model is read on by
    ingest_id or last_ingest_id. An old order's row is as new as the newest label
    on it: orders and labels share a sequence, so each mark has a window of the
    same width below its own highest, and Postgres joins two short index ranges.
    A view has no index that knows its highest row: for one on the ledger it is
    the stream's, for one on what was built that of raw_transactions. -#}
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
            {%- set labelled = ['label_ingest_id', 'last_label_ingest_id']
                | select('in', node.columns) | list -%}
            {%- if known and node.config.materialized == 'incremental' -%}
                {%- set newest = [] -%}
                {%- for mark in known[:1] + labelled -%}
                    {%- do newest.append(newest_rows(relation, mark)) -%}
                {%- endfor -%}
                {%- do conditions.append("(" ~ newest | join(" or ") ~ ")") -%}
            {%- elif known -%}
                {%- set built_on = 'raw.transactions_stream'
                    if node.name in ['raw_decisions', 'raw_labels']
                    else 'raw.raw_transactions' -%}
                {%- do conditions.append(newest_rows(
                    built_on, known[0], 'ingest_id'
                )) -%}
            {%- endif -%}
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
