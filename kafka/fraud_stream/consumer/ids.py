"""Ids in one form, and without characters that nobody can see. Pure.

Letters with marks can be written in two ways that look the same (composed, NFC, and decomposed,
NFD). An id in either form is the same id, so it is composed as soon as it is read: what scores,
lands and joins knows the composed form only. The message itself is kept as it was sent.
"""

import re
from collections.abc import Iterable
from operator import attrgetter
from typing import TypeVar

import msgspec

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.scoring.order.identity import composed

ORDER_IDS = (
    "transaction_id",
    "customer_id",
    "merchant_id",
    "payment_method",
    "session_id",
    "merchant_owner_id",
    "device_id",
    "voucher_code",
    "promotion_id",
    "card_fingerprint",
    "browser_fingerprint",
)
UNSEEN = "holds a character that cannot be seen (control, bidi or zero-width)"

_order_ids = attrgetter(*ORDER_IDS)
_E = TypeVar("_E", OrderEvent, LabelEvent)

_INVISIBLE = re.compile(
    r"[\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    r"\U000e0100-\U000e01ef]"
)
"""What draws nothing and is yet no control or format character to Unicode."""


def key_fault(event: OrderEvent, key: bytes | None) -> Rejection | None:
    """A key other than the customer's id, which would scatter a customer's orders.

    A message without a key says nothing false and is taken.
    """
    if key is None or key == event.customer_id.encode():
        return None
    try:
        if composed(key.decode()) == event.customer_id:
            return None
    except UnicodeDecodeError:
        pass
    return Rejection("key_mismatch", "customer_id: the message's key is another")


def unusual_ids(event: OrderEvent | LabelEvent) -> list[tuple[str, str]]:
    """Name and text of each id that is not of visible ASCII alone; almost always none."""
    if isinstance(event, LabelEvent):
        found = [("transaction_id", event.transaction_id)]
    else:
        product_ids = [item.product_id for item in event.items]
        if _is_visible_ascii("".join(filter(None, (*_order_ids(event), *product_ids)))):
            return []
        found = [
            *zip(ORDER_IDS, _order_ids(event), strict=True),
            *((f"items[{place}].product_id", text) for place, text in enumerate(product_ids)),
        ]
    return [
        (name, text) for name, text in found if text is not None and not _is_visible_ascii(text)
    ]


def bad_id(unusual: Iterable[tuple[str, str]]) -> Rejection | None:
    """An id with a character that cannot be seen: two that differ would look the same."""
    for name, text in unusual:
        if not text.isprintable() or _INVISIBLE.search(text):
            return Rejection("bad_id", f"{name}: {UNSEEN}")
    return None


def with_composed_ids(event: _E) -> _E:
    """The same event with every id in its one form."""
    names = ORDER_IDS if isinstance(event, OrderEvent) else ("transaction_id",)
    changes = {name: composed(text) for name in names if (text := getattr(event, name)) is not None}
    if isinstance(event, OrderEvent):
        items = tuple(
            msgspec.structs.replace(item, product_id=composed(item.product_id))
            for item in event.items
        )
        return msgspec.structs.replace(event, **changes, items=items)
    return msgspec.structs.replace(event, **changes)


def _is_visible_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()
