{#- The condition for the entries of fct_order_journal that this model has not
    folded in yet: all entries of orders above the highest order that it holds,
    and of older orders those of labels above the highest label that it holds.

    Two marks, because an order and a later label on it are landed apart and a
    build can end between the models that carry them. A model that uses this
    folds every entry in, without a filter: only then does its highest row say
    how far it has read. -#}
{% macro unfolded() -%}
    {%- do hold() -%}
    {%- if execute and is_incremental() -%}
        {%- set marks = run_query(
            "select coalesce(max(last_ingest_id), 0),"
            ~ " coalesce((select max(last_label_ingest_id) from " ~ this
            ~ "), 0) from " ~ this
        ) -%}
        (ingest_id > {{ marks.rows[0][0] }}
        or label_ingest_id > {{ marks.rows[0][1] }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
