"""From a message's bytes to an order or a label, or to the reason why not. Pure; never raises.

What is let through here must be safe further down: the text lands in Postgres as sent, and dbt
casts it to jsonb, which is stricter than JSON in three things (\\u0000, lone surrogates, numbers
of more digits than `numeric` holds). One such message let in would stop every model after it.

Almost every message is plain ASCII in the contract's own fields, so a glance at its bytes tells
whether a close look is needed at all.
"""

from datetime import datetime
from typing import TypeVar

import msgspec

from fraud_core.events import OLDEST_EVENT, LabelEvent, OrderEvent
from fraud_stream.consumer.card_numbers import first_card_number, holds_card_number
from fraud_stream.consumer.content import content_fault, label_time_fault
from fraud_stream.consumer.disguise import may_be_disguised
from fraud_stream.consumer.forms import glance
from fraud_stream.consumer.glance import CLEAR, LONG_RUN, SPECIAL
from fraud_stream.consumer.ids import bad_id, key_fault, unusual_ids, with_composed_ids
from fraud_stream.consumer.known_order import is_unambiguous, known_order
from fraud_stream.consumer.rejection import Rejection, explain
from fraud_stream.consumer.structure import unsafe_escape, unsafe_number, unsafe_structure
from fraud_stream.consumer.whereabouts import covering, told

_T = TypeVar("_T")

MESSAGE_FAULTS = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""All that decoding raises on what a message holds; UnicodeError is a ValueError."""

_ANY = msgspec.json.Decoder(OrderEvent).decode
_LABEL = msgspec.json.Decoder(LabelEvent).decode


def decode(
    value: bytes | None,
    *,
    max_bytes: int,
    received_ms: int | None = None,
    key: bytes | None = None,
    oldest: datetime = OLDEST_EVENT,
) -> OrderEvent | Rejection:
    """The order in `value`.

    `received_ms` is the message's own time, or that of landing when it has none; without either
    nothing is too far ahead. `key` is its key, when it has one. Orders from before `oldest` are not
    taken.
    """
    if value is None or not 0 < len(value) <= max_bytes:
        return _of_no_size(value, max_bytes)
    try:
        found = _order(value, received_ms, key, oldest)
    except MESSAGE_FAULTS as fault:
        found = explain(value, fault)
    return _without_card_number(value, found) if isinstance(found, Rejection) else found


def decode_label(
    value: bytes | None, *, max_bytes: int, received_ms: int | None = None
) -> LabelEvent | Rejection:
    """The label in `value`; `received_ms` is as in `decode`."""
    if value is None or not 0 < len(value) <= max_bytes:
        return _of_no_size(value, max_bytes)
    try:
        found = _label(value, received_ms)
    except MESSAGE_FAULTS as fault:
        found = explain(value, fault)
    return _without_card_number(value, found)


def landed_order(payload: bytes) -> OrderEvent:
    """An order that was decoded before, out of the message that landed.

    Raises msgspec.MsgspecError when it no longer fits the contract.
    """
    order = known_order(payload) or _ANY(payload)
    return order if payload.isascii() and b"\\" not in payload else with_composed_ids(order)


def _of_no_size(value: bytes | None, max_bytes: int) -> Rejection:
    if value is None:
        return Rejection("tombstone", "the message has no value")
    if not value:
        return Rejection("empty", "the value has no bytes")
    return Rejection("too_large", f"{len(value)} bytes, allowed are {max_bytes}")


def _without_card_number(value: bytes, found: _T) -> _T | Rejection:
    """A card number is the fault that counts, whatever else there is: it must not be kept."""
    return _card_number(value) or found


def _order(
    value: bytes, received_ms: int | None, key: bytes | None, oldest: datetime
) -> OrderEvent | Rejection:
    seen = glance(value)
    is_plain = not seen & SPECIAL
    if not is_plain and (unsafe := _unsafe_text(value)):
        return unsafe
    event = known_order(value)
    is_clear = event is not None and (bool(seen & CLEAR) or is_unambiguous(event, value))
    event = event or _ANY(value)
    if not is_clear and (unsafe := unsafe_structure(value)):
        return unsafe
    if seen & LONG_RUN and (unsafe := unsafe_number(value)):
        return unsafe
    unusual = () if is_plain else unusual_ids(event)
    if unusual:
        event = with_composed_ids(event)
    return (
        bad_id(unusual)
        or content_fault(event, received_ms=received_ms, oldest=oldest)
        or key_fault(event, key)
        or (_card_number(value) if seen & LONG_RUN else None)
        or (None if is_plain else _disguised_fault(value))
        or event
    )


def _disguised_fault(value: bytes) -> Rejection | None:
    return _card_number(value) if may_be_disguised(value) else None


def _card_number(value: bytes) -> Rejection | None:
    if not holds_card_number(value):
        return None
    place, problem = first_card_number(value), "holds what looks like a card number"
    where = covering(len(value) if place is None else place)
    detail = told(value, where, f"{problem}; its digits are not kept", unnamed="the message")
    return Rejection("pan_detected", detail)


def _label(value: bytes, received_ms: int | None) -> LabelEvent | Rejection:
    if unsafe := _unsafe_text(value):
        return unsafe
    label = _LABEL(value)
    if unsafe := unsafe_structure(value) or bad_id(unusual_ids(label)):
        return unsafe
    if fault := label_time_fault(label.labelled_at, received_ms):
        return fault
    return with_composed_ids(label)


def _unsafe_text(value: bytes) -> Rejection | None:
    value.decode("utf-8")  # msgspec does not look into the strings that it skips
    return unsafe_escape(value) if b"\\" in value else None
