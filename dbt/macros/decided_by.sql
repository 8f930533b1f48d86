{#- What decided an order, by the list entries that it met: the precedence of
    scoring (rules/lists.py), in which a watch entry decides nothing. -#}
{% macro decided_by(lists) -%}
    case
        when {{ lists }} @> '[{"list": "block", "absolute": true}]'
            then 'absolute block'
        when {{ lists }} @> '[{"list": "allow"}]' then 'allow list'
        when {{ lists }} @> '[{"list": "block"}]' then 'block list'
        else 'score'
    end
{%- endmacro %}
