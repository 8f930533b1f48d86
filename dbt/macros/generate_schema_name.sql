{#- Schemas are named in full (raw, staging, marts), without the target's name
    in front: migrations make them and hand out the rights. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
