"""From a message's bytes to an order or a label, or to the reason why not. Pure; never raises.

What is let through here must be safe further down: the text lands in Postgres as sent, and dbt
casts it to jsonb, which is stricter than JSON in three things (\\u0000, lone surrogates, numbers
of more digits than `numeric` holds). One such message let in would stop every model after it.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from fraud_core.currency import MINOR_UNIT_DIGITS, to_minor_units
from fraud_core.events import SCHEMA_VERSION, LabelEvent, OrderEvent
from fraud_stream.consumer.known_order import known_order
from fraud_stream.consumer.rejection import Rejection, explain, unsafe_escape, unsafe_nesting

_T = TypeVar("_T")

AMOUNT_BELOW = 10_000_000_000
"""Amounts are under 10^10 in major units of whatever currency."""

FUTURE_LIMIT = timedelta(hours=1)
"""How far an order's time may be ahead of its message's; more would push watermarks ahead."""

OFFSET_BELOW = timedelta(hours=16)
"""Postgres takes no larger offset from UTC; the largest in use is 14 hours."""

STORABLE_TIME = "the year must be within 2 and 9998, the offset from UTC under 16 hours"

MESSAGE_FAULTS = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""All that decoding raises on what a message holds; UnicodeError is a ValueError."""


_ANY = msgspec.json.Decoder(OrderEvent)
_LABEL = msgspec.json.Decoder(LabelEvent)


def decode(
    value: bytes | None, *, max_bytes: int, received_ms: int | None = None
) -> OrderEvent | Rejection:
    """The order in `value`; `received_ms` is the message's own time, when it has one."""
    return _readable(value, max_bytes, lambda text: _order(text, received_ms))


def decode_label(value: bytes | None, *, max_bytes: int) -> LabelEvent | Rejection:
    """The label in `value`."""
    return _readable(value, max_bytes, _label)


def _readable(
    value: bytes | None, max_bytes: int, read: Callable[[bytes], _T | Rejection]
) -> _T | Rejection:
    """What `read` makes of a value that is text of a size that we take."""
    if value is None:
        return Rejection("tombstone", "the message has no value")
    if not value:
        return Rejection("empty", "the value has no bytes")
    if len(value) > max_bytes:
        return Rejection("too_large", f"{len(value)} bytes, allowed are {max_bytes}")
    try:
        if not value.isascii():
            value.decode("utf-8")  # msgspec does not look into the strings that it skips
        if b"\\u" in value and (unsafe := unsafe_escape(value)):
            return unsafe
        return read(value)
    except MESSAGE_FAULTS as fault:
        return explain(value, fault)


def _label(value: bytes) -> LabelEvent | Rejection:
    label = _LABEL.decode(value)
    if not _is_storable(label.labelled_at):
        return Rejection("bad_time", f"labelled_at: {STORABLE_TIME}")
    return label


def _order(value: bytes, received_ms: int | None) -> OrderEvent | Rejection:
    event = known_order(value)
    if event is None:
        # Extra fields are welcome, but nothing has looked at them yet.
        event = _ANY.decode(value)
        if unsafe := unsafe_nesting(value):
            return unsafe
    return _content_fault(event, received_ms) or event


def _content_fault(event: OrderEvent, received_ms: int | None) -> Rejection | None:
    """What the types cannot say."""
    if event.schema_version != SCHEMA_VERSION:
        return Rejection(
            "schema_version", f"schema_version: {event.schema_version}, known is {SCHEMA_VERSION}"
        )
    return _money_fault(event) or _time_fault(event, received_ms)


def _money_fault(event: OrderEvent) -> Rejection | None:
    amount = event.amount
    if event.currency not in MINOR_UNIT_DIGITS:
        return Rejection("currency", "currency: not an ISO 4217 code of money in use")
    if not -AMOUNT_BELOW < amount < AMOUNT_BELOW or not amount:
        return Rejection("amount_range", f"amount: must not be 0 and stay below {AMOUNT_BELOW}")
    if amount < 0 and event.transaction_type != "refund":
        return Rejection("amount_range", "amount: only a refund may be negative")
    if to_minor_units(amount, event.currency) is None:
        digits = MINOR_UNIT_DIGITS[event.currency]
        return Rejection("precision", f"amount: {event.currency} has {digits} decimals")
    return None


def _time_fault(event: OrderEvent, received_ms: int | None) -> Rejection | None:
    if not _is_storable(event.event_time):
        return Rejection("bad_time", f"event_time: {STORABLE_TIME}")
    if event.account_created_at and not _is_storable(event.account_created_at):
        return Rejection("bad_time", f"account_created_at: {STORABLE_TIME}")
    if event.password_changed_at and not _is_storable(event.password_changed_at):
        return Rejection("bad_time", f"password_changed_at: {STORABLE_TIME}")
    if received_ms is None:
        return None
    if event.event_time.timestamp() - received_ms / 1000 > FUTURE_LIMIT.total_seconds():
        return Rejection("future", f"event_time: more than {FUTURE_LIMIT} ahead of the message")
    return None


def _is_storable(at: datetime) -> bool:
    """Whether Postgres takes it, and whatever reads Postgres can hold it in any zone."""
    if not 1 < at.year < 9999:
        return False
    return at.tzinfo is UTC or abs(at.utcoffset() or timedelta()) < OFFSET_BELOW
