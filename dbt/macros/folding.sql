{#- What people type, folded so that two spellings of one mailbox, person or
    place are one key. The same folding as in scoring (order/identity.py). -#}

{#- Space of whatever kind Unicode has; SQL's trim knows one kind. -#}
{% macro spaces() -%}
    e' \t\n\u000B\f\r\u001C\u001D\u001E\u001F\u0085\u00A0\u1680\u2000\u2001\u2002'
    || e'\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F'
    || e'\u3000'
{%- endmacro %}


{% macro stripped(text) -%}
    btrim({{ text }}, {{ spaces() }})
{%- endmacro %}


{#- An address without space around it, and without dots after it. -#}
{% macro whole_address(address) -%}
    rtrim({{ stripped(address) }}, '.' || {{ spaces() }})
{%- endmacro %}


{#- In lower case, with _ for spaces and hyphens. -#}
{% macro folded_method(method) -%}
    translate(lower({{ stripped(method) }}), ' -', '__')
{%- endmacro %}


{#- Case, dots and plus-tags of a mailbox do not count, nor does a dot at the end
    or how letters with marks are written; null when it is none. -#}
{% macro folded_email(address) -%}
    case
        when {{ whole_address(address) }} ~ '^[^@]+@[^@]+$'
            then normalize(lower(
                coalesce(
                    nullif(
                        replace(
                            split_part(
                                split_part({{ whole_address(address) }}, '@', 1), '+', 1
                            ),
                            '.',
                            ''
                        ),
                        ''
                    ),
                    split_part({{ whole_address(address) }}, '@', 1)
                )
                || '@'
                || split_part({{ whole_address(address) }}, '@', 2)
            ), nfc)
    end
{%- endmacro %}


{#- Country, postal code and the place to ten metres of an address, given as
    jsonb; null without coordinates: a postal code alone is a whole quarter. -#}
{% macro folded_address(address) -%}
    coalesce({{ address }} ->> 'country', '')
    || '|'
    || upper(
        regexp_replace(
            coalesce({{ address }} ->> 'postal_code', ''), '\s', '', 'g'
        )
    )
    || '|'
    || to_char(
        {{ degrees("(" ~ address ~ " ->> 'latitude')") }}, 'FM990.0000'
    )
    || '|'
    || to_char(
        {{ degrees("(" ~ address ~ " ->> 'longitude')") }}, 'FM990.0000'
    )
{%- endmacro %}


{#- A name without case and with single spaces; null when nothing is left. -#}
{% macro folded_name(name) -%}
    nullif(lower(trim(regexp_replace({{ name }}, '\s+', ' ', 'g'))), '')
{%- endmacro %}


{#- The digits of a phone number, and a leading plus; null when there are none. -#}
{% macro folded_phone(phone) -%}
    nullif(regexp_replace({{ phone }}, '[^0-9+]', '', 'g'), '')
{%- endmacro %}
