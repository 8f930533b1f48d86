{#- Ends a full refresh, however it was asked for, when retention has dropped
    orders and a table that is to be made anew would lose what it holds of
    them. -#}
{% macro require_whole_history() -%}
    {%- if execute and flags.FULL_REFRESH -%}
        {%- set losing = tables_of_what_is_dropped() -%}
        {%- set dropped = run_query(
            "select coalesce(max(dropped_up_to), 0) from raw.retention"
        ).rows[0][0] | int -%}
        {%- if dropped and losing -%}
            {%- do exceptions.raise_compiler_error(
                "a full refresh would lose what " ~ (losing | join(", "))
                ~ " hold of orders up to " ~ "{:,}".format(dropped)
                ~ " (ingest_id): retention has dropped their messages "
                ~ "(RETENTION_DAYS). Build without --full-refresh, name models "
                ~ "that do not read them, or restore the messages first"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- The names of selected tables that read, through views or not, what
    retention drops or empties; of all such tables when no model is selected: a
    seed made anew takes along the views on it, and all models must follow. -#}
{% macro tables_of_what_is_dropped() -%}
    {%- set dropped = [
        'source.fraud_platform.stream.transactions_stream',
        'source.fraud_platform.stream.transaction_decisions',
        'model.fraud_platform.personal_transactions',
        'model.fraud_platform.personal_customers',
    ] -%}
    {%- set models = graph.nodes.values()
        | selectattr('resource_type', 'equalto', 'model') | list -%}
    {%- for _ in models -%}
        {%- for model in models
            if model.config.materialized == 'view'
            and model.unique_id not in dropped
            and model.depends_on.nodes | select('in', dropped) | list -%}
            {%- do dropped.append(model.unique_id) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set losing = [] -%}
    {%- set chosen = models
        | selectattr('unique_id', 'in', selected_resources) | list -%}
    {%- for model in chosen or models
        if model.config.materialized != 'view'
        and model.depends_on.nodes | select('in', dropped) | list -%}
        {%- do losing.append(model.name) -%}
    {%- endfor -%}
    {{ return(losing | sort) }}
{%- endmacro %}
