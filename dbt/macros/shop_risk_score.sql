{#- 0 to 100: each measure of a shop gives its points in full from the value given
    beside them on, and in proportion below. The division comes last: a third that
    is cut off before it is multiplied would cost a hundredth of a point. -#}
{% macro shop_risk_score() -%}
    {%- set measures = {
        'confirmed_fraud_share': (40, 0.05),
        'flagged_share': (20, 0.2),
        'refund_share': (15, 0.3),
        'brushing_day_count': (10, 3),
        'own_shop_share': (10, 0.1),
        'boosting_day_count': (5, 3),
    } -%}
    (
            {%- for measure, (points, full) in measures.items() %}
            {{ "+ " if not loop.first }}{{ points }}
            * least({{ full }}, coalesce({{ measure }}, 0)) / {{ full }}::numeric
            {%- endfor %}
        )::numeric(5, 2)
{%- endmacro %}
