"""Joins the pieces of an order into a message body: all of it but the order's number.

The number comes last, when drawn and planned orders have been put in one order of time, so that
it says nothing about where an order came from.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from fraud_core.events import SCHEMA_VERSION
from fraud_stream.producer.units import DAY

SESSION, TIME = b'","session_id":"', b'","event_time":"'
SHIPPING, BILLING, END = b',"shipping":', b',"billing":', b"}"
AMOUNT, NO_VOUCHER = b',"amount":', b"]"
DECLINE_CODES = (
    "insufficient_funds",
    "do_not_honor",
    "expired_card",
    "incorrect_cvc",
    "lost_card",
)
REFUND = b',"transaction_type":"refund","transaction_status":"approved"'
PURCHASE = b',"transaction_type":"purchase","transaction_status":"approved"'
_join = b"".join
_SECONDS = np.array(
    [b"T%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60) for s in range(86_400)], dtype=object
)
_MILLISECONDS = np.array([b".%03d" % ms for ms in range(1000)], dtype=object)
_QUARTERS = 14 * 4
"""Quarters of an hour that the farthest clock is off UTC."""
_OFFSETS = np.array(
    [
        b'%c%02d:%02d"' % (b"-+"[quarter >= 0], abs(quarter) // 4, abs(quarter) % 4 * 15)
        for quarter in range(-_QUARTERS, _QUARTERS + 1)
    ],
    dtype=object,
)

Column = list[bytes]


class Draft(msgspec.Struct):
    """One planned order: when, and its pieces.

    `at` is UTC milliseconds, `offset` the customer's clock in minutes ahead of UTC; `money` holds
    amount, currency, items and discount; `shipping` and `billing` are JSON objects.
    """

    at: int
    offset: int
    customer_id: bytes
    session: bytes
    identity: bytes
    shop: bytes
    device: bytes
    network: bytes
    payment: bytes
    money: bytes
    login: bytes
    status: bytes
    shipping: bytes
    billing: bytes
    referrer: bytes

    is_cover: bool = False
    """An honest order that its scenario needs (the victim at home); no truth is told of it."""


def draft_bodies(drafts: list[Draft]) -> list[bytes]:
    """The messages of planned orders without their numbers."""
    if not drafts:
        return []
    clock = local_clock(
        np.array([draft.at for draft in drafts]), np.array([draft.offset for draft in drafts])
    )
    return [
        _body(draft, when) for draft, when in zip(drafts, zip(*clock, strict=True), strict=True)
    ]


def _body(draft: Draft, when: tuple[bytes, ...]) -> bytes:
    what = (draft.identity, draft.shop, draft.device, draft.network, draft.payment, draft.money)
    where = (SHIPPING, draft.shipping, BILLING, draft.billing)
    ending = (draft.login, draft.status, *where, draft.referrer, END)
    return _join((SESSION, draft.session, TIME, *when, *what, *ending))


def head(run: str) -> bytes:
    """What every message begins with, up to the order's number."""
    return b'{"schema_version":%d,"transaction_id":"txn_%b_' % (SCHEMA_VERSION, run.encode())


def local_clock(at: NDArray[np.int64], offsets: NDArray[np.int64]) -> tuple[Column, ...]:
    """Day, time of day, milliseconds and offset, as four columns that join to RFC 3339."""
    local = at + offsets * 60_000
    days, rest = np.divmod(local, DAY)
    first = int(days[0]) if len(days) == 1 else int(days.min())
    names = np.array(
        [str(np.datetime64(day, "D")).encode() for day in range(first, int(days.max()) + 1)],
        dtype=object,
    )
    seconds, milliseconds = np.divmod(rest, 1000)
    return (
        names[days - first].tolist(),
        _SECONDS[seconds].tolist(),
        _MILLISECONDS[milliseconds].tolist(),
        _OFFSETS[offsets // 15 + _QUARTERS].tolist(),
    )


def bodies(columns: Iterable[Column]) -> list[bytes]:
    """Columns of pieces joined to one body an order."""
    return [_join(row) for row in zip(*columns, strict=True)]
