{#- Pairs of `marts` that have read equally far, by `marks`, and yet come to
    different totals. `marts` is {mart: [{measure: expression}]}: what of the mart
    sums up to the measure, for as many measures as the mart has. -#}
{% macro same_totals(marts, marks) -%}
{%- set measures, summed = [], {} -%}
{%- for mart, parts in marts.items() -%}
    {%- do summed.update({mart: {}}) -%}
    {%- for part in parts -%}
        {%- do summed[mart].update(part) -%}
        {%- for measure in part if measure not in measures -%}
            {%- do measures.append(measure) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endfor -%}
with totals as (
    {%- for mart, expressions in summed.items() %}
        {{ "union all" if not loop.first }}
        select
            '{{ mart }}' as mart
            {%- for mark in marks %},
            max({{ mark }}) as {{ mark }}
            {%- endfor %}
            {%- for measure in measures %},
            sum(({{ expressions.get(measure, 'null') }})::numeric) as {{ measure }}
            {%- endfor %}
        from {{ ref(mart) }}
    {%- endfor %}
),

final as (
    select
        one.*,
        other.mart as other_mart
    from totals as one
    inner join totals as other
        on
            one.mart < other.mart
            {%- for mark in marks %}
            and one.{{ mark }} = other.{{ mark }}
            {%- endfor %}
    where
        {%- for measure in measures %}
        {{ "or " if not loop.first -}}
        one.{{ measure }} != other.{{ measure }}
        {%- endfor %}
)

select * from final
{%- endmacro %}
