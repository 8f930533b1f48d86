{#- A coordinate as double precision. Rounded first to the 15 decimals that such
    a number can tell apart at all: JSON allows 1e-400, and Postgres refuses to
    cast what a double would underflow at. -#}
{% macro degrees(number) -%}
    round({{ number }}::numeric, 15)::double precision
{%- endmacro %}
