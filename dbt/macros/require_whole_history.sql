{#- Ends a full refresh, however it was asked for, when retention has dropped
    orders, which the models would lose. -#}
{% macro require_whole_history() -%}
    {%- if execute and flags.FULL_REFRESH -%}
        {%- set first = run_query(first_partition()).rows[0][0] | int -%}
        {%- if first -%}
            {%- do exceptions.raise_compiler_error(
                "a full refresh would lose what the models hold of orders below "
                ~ "{:,}".format(first * 1000000) ~ " (ingest_id): retention has "
                ~ "dropped their messages (RETENTION_DAYS). Build without "
                ~ "--full-refresh, or restore the messages first"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The number of the first partition that is left; partitions are a million
    ingest_ids, and numbered from 0. -#}
{% macro first_partition() -%}
    select min(substring(relation.relname from '[0-9]+$')::bigint)
    from pg_inherits as link
    inner join pg_class as relation on link.inhrelid = relation.oid
    where link.inhparent = 'raw.transactions_stream'::regclass
{%- endmacro %}
