{#- Gold, Silver or Bronze: which third of `size` places `rank` lies in. -#}
{% macro tier(rank, size) -%}
    case
        when 3 * {{ rank }} <= {{ size }} then 'Gold'
        when 3 * {{ rank }} <= 2 * {{ size }} then 'Silver'
        else 'Bronze'
    end
{%- endmacro %}

{#- 1 to 5: which fifth of all rows the row lies in by `ordering`. Equal values
    take the lowest of their places, so that many alike do not rank high. -#}
{% macro fifth(ordering) -%}
    (
        5 * (rank() over (order by {{ ordering }}) - 1) / count(*) over () + 1
    )::integer
{%- endmacro %}

{#- Whether a customer still buys, by the days since the last purchase. -#}
{% macro retention(days) -%}
    case
        when {{ days }} is null then 'never bought'
        when {{ days }} <= {{ var('active_days') }} then 'active'
        when {{ days }} <= {{ var('lapsed_days') }} then 'at risk'
        else 'lapsed'
    end
{%- endmacro %}

{#- New by the first order, Premium by purchases or spend, else Regular. -#}
{% macro customer_segment() -%}
    case
        when placed.days_since_first < {{ var('new_customer_days') }} then 'New'
        when placed.purchase_count >= {{ var('premium_purchases') }}
            or placed.spend_reporting >= {{ var('premium_spend') }}
            then 'Premium'
        else 'Regular'
    end
{%- endmacro %}

{#- 0 to 100: up to 40 for how lately, 40 for how often, 20 for how widely; 0 for
    who never bought, however often that was tried. -#}
{% macro activity_score() -%}
    case
        when placed.purchase_count = 0 then 0
        else
            round(
                40 * greatest(
                    0,
                    1
                    - placed.days_since_purchase
                    / {{ var('lapsed_days') }}::numeric
                )
                + 40 * least(
                    1,
                    placed.purchase_count / placed.active_months
                    / {{ var('busy_orders_a_month') }}
                )
                + 20 * least(
                    1, placed.category_count / {{ var('wide_categories') }}.0
                )
            )
    end::integer
{%- endmacro %}

{#- The share of what a full profile holds that the customer ever gave. -#}
{% macro profile_completeness() -%}
    (
        num_nonnulls(
            profiles.customer_country,
            profiles.account_created_at,
            profiles.email_pseudonym,
            profiles.phone_pseudonym,
            profiles.name_pseudonym
        ) / 5.0
    )::numeric(5, 4)
{%- endmacro %}
