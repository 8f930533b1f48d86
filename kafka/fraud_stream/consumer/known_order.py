"""The order event as almost every message is: only fields that we know, codes that exist.

Decoding it costs a third of decoding `OrderEvent`, whose patterns are regular expressions: codes
are looked up in a table instead. What does not fit here is decoded as `OrderEvent` and looked at
again, so nothing is refused for being unusual; this is a quick way and no second contract.
"""

import re
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import astuple

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.events import MAX_ITEMS, Address, Item, OrderEvent

# ISO 3166-1 alpha-2. A code that was given out later is only slower.
_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)

if TYPE_CHECKING:
    _Country = str
    _Currency = str
else:  # a Literal made of a table is beyond what a type checker follows
    _Country = Literal[tuple(_COUNTRIES.split())]
    _Currency = Literal[tuple(MINOR_UNIT_DIGITS)]


class _KnownAddress(Address, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    country: _Country | None = None


class _KnownItem(Item, frozen=True, gc=False, forbid_unknown_fields=True):
    pass


class _KnownOrder(OrderEvent, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True):
    currency: _Currency
    card_bin: Annotated[str, Meta(min_length=6, max_length=8)] | None = None
    card_country: _Country | None = None
    customer_country: _Country | None = None
    ip_country: _Country | None = None
    merchant_country: _Country | None = None
    items: Annotated[tuple[_KnownItem, ...], Meta(max_length=MAX_ITEMS)] = ()
    shipping: _KnownAddress | None = None
    billing: _KnownAddress | None = None


decode_known = msgspec.json.Decoder(_KnownOrder).decode
"""Raises msgspec.ValidationError for what must be looked at more closely; `card_bin` may be any."""


def known_order(value: bytes) -> OrderEvent | None:
    """The order, or None when the message must be looked at more closely.

    Raises what msgspec raises for anything that is no JSON.
    """
    try:
        order = decode_known(value)
    except msgspec.ValidationError:
        return None
    digits = order.card_bin
    return order if digits is None or (digits.isascii() and digits.isdigit()) else None


_FIELDS, _PARTS = len(OrderEvent.__struct_fields__), len(Address.__struct_fields__)
_LARGE_EXPONENT = re.compile(rb"[eE][+-]?[0-9]{5}")


def is_unambiguous(order: OrderEvent, value: bytes) -> bool:
    """Whether `value`, of which `order` was made, surely has no key twice and no odd zero.

    A key more is a comma more; a text with a comma makes it unsure. A zero may have been written
    as 1e-99999, which is more than Postgres can store.
    """
    items = order.items
    commas = _FIELDS - 1 - astuple(order).count(None)
    is_zero = order.discount_amount == 0 or order.ip_latitude == 0 or order.ip_longitude == 0
    if items:
        commas += 3 * len(items) - 1
        for item in items:
            if item.category is not None:
                commas += 1
            if not item.unit_price:
                is_zero = True
    else:
        commas -= 1
    for address in (order.shipping, order.billing):
        if address is not None:
            parts = astuple(address)
            commas += _PARTS - 1 - parts.count(None)
            is_zero = is_zero or 0.0 in parts
    if value.count(b",") != commas:
        return False
    return not is_zero or _LARGE_EXPONENT.search(value) is None
