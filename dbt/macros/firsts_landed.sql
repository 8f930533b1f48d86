{#- One column for each of `firsts` ({column: keys}): 1 when no order of the same
    keys landed before this row of `orders`, which this model has not seen, else
    0. Which one landed first never changes, however late others land: so
    different customers or shops can be counted by adding up. `limit 1` instead of
    `exists` makes Postgres look each up, where it might read the whole model. -#}
{% macro firsts_landed(firsts) -%}
    {%- for column, keys in firsts.items() -%}
    (
            row_number() over (
                partition by {{ "orders." ~ keys | join(", orders.") }}
                order by orders.ingest_id
            ) = 1
            {%- if is_incremental() %}
            and (
                select true from {{ this }} as earlier
                where
                    {%- for key in keys %}
                    {{ "and " if not loop.first -}}
                    earlier.{{ key }} = orders.{{ key }}
                    {%- endfor %}
                limit 1
            ) is null
            {%- endif %}
        )::integer as {{ column }}
    {{- ",\n        " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- The highest `number` that this model held before the run in rows with the
    same `keys` as this row of `landed`; 0 without any. An index over the keys and
    the number answers it, however many rows there are. -#}
{% macro highest_held(number, keys) -%}
    {%- if is_incremental() -%}
        coalesce((
            select max(earlier.{{ number }}) from {{ this }} as earlier
            where
                {%- for key in keys %}
                {{ "and " if not loop.first -}}
                earlier.{{ key }} = landed.{{ key }}
                {%- endfor %}
        ), 0)
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}
