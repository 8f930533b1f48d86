{#- The pseudonym of `value`, a text: the first 128 bits of HMAC-SHA256 of
    '<kind>:<value>' under the session's key, as 32 hexadecimal digits; null for
    null. Equal values of one kind have equal pseudonyms in every table.

    The pads stand in sub-queries so that Postgres makes them once a statement
    and not once a row. -#}
{% macro pseudonym(kind, value) -%}
    encode(
        substr(
            sha256(
                (select restricted.pseudonym_pad(92))
                || sha256(
                    (select restricted.pseudonym_pad(54))
                    || convert_to('{{ kind }}:' || {{ value }}, 'UTF8')
                )
            ),
            1,
            16
        ),
        'hex'
    )
{%- endmacro %}


{#- A key of the shop's own (customer, shop, owner), masked when it is no key but
    an e-mail address or a phone number. All share a kind, so that an owner who
    buys is still seen to be the buyer. -#}
{% macro shop_key(id) -%}
    case
        when {{ id }} ~ '@|^\+[0-9]'
            then 'p_' || {{ pseudonym('id', id) }}
        else {{ id }}
    end
{%- endmacro %}
