{#- The part of its amount that an order costs us if it is fraud: nothing when we
    or the payment declined it, all of it when we approved it, and of a reviewed
    one what people are reckoned to miss. -#}
{% macro loss_share(orders) -%}
    case
        when coalesce({{ orders }}.transaction_status, '') = 'declined' then 0
        when {{ orders }}.outcome = 'approve' then 1
        when {{ orders }}.outcome = 'review' then 1 - {{ var('review_catch_share') }}
        else 0
    end
{%- endmacro %}
