{#- A view that is replaced where it stands, as long as its columns stay. dbt's
    own way makes it anew beside the old one, which takes every view that reads
    it away until its turn comes: for the rest of a run, or, when one box is
    built alone, until the next run. -#}
{% materialization view, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if existing and not (existing.is_view and same_columns(existing, sql)) -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {% call statement('main') -%}
        create or replace view {{ target }}
        {% if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(sql) }}
        {%- endif %}
        as (
            {{ sql }}
        )
    {%- endcall %}
    {%- do apply_grants(target, config.get('grants'), should_revoke=True) -%}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}


{#- Whether a relation has just the columns that a query has: names, types and
    places. Postgres is asked by means of a view that lasts for a moment. -#}
{% macro same_columns(relation, query) -%}
    {%- set probe = "probe_of_" ~ relation.identifier -%}
    {%- do run_query(
        "create temporary view " ~ adapter.quote(probe) ~ " as (" ~ query ~ ")"
    ) -%}
    {%- set columns -%}
        (
            select array_agg(
                attname || ' ' || format_type(atttypid, atttypmod)
                order by attnum
            )
            from pg_attribute
            where attrelid = '%s'::regclass and attnum > 0 and not attisdropped
        )
    {%- endset -%}
    {%- set same = run_query(
        "select " ~ (columns | replace('%s', "pg_temp." ~ adapter.quote(probe)))
        ~ " = " ~ (columns | replace('%s', relation))
    ).rows[0][0] -%}
    {%- do run_query("drop view pg_temp." ~ adapter.quote(probe)) -%}
    {{ return(same) }}
{%- endmacro %}
