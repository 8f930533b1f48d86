{#- Keeps every other build of this model, and an erasure of a customer, out
    until the model's transaction ends; waits while one of them is at work.

    It comes before the model looks up how far it has read: two builds that look
    it up at once would both add the same entries to what the model holds. The
    locks are advisory, because one on the table would end its autovacuum. -#}
{% macro hold() -%}
    {%- if execute -%}
        {%- do run_query(
            "select pg_advisory_xact_lock_shared(hashtext('dbt'), 0),"
            ~ " pg_advisory_xact_lock(hashtext('dbt'), hashtext('" ~ this ~ "'))"
        ) -%}
    {%- endif -%}
{%- endmacro %}
