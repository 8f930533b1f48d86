"""What the types cannot say of an order: its money, its times, its items. Pure."""

from datetime import UTC, datetime, timedelta

from fraud_core.currency import MINOR_UNIT_DIGITS, to_minor_units
from fraud_core.events import FUTURE_LIMIT, SCHEMA_VERSION, OrderEvent
from fraud_stream.consumer.rejection import Rejection

AMOUNT_BELOW = 10_000_000_000
"""Amounts are under 10^10 in major units of whatever currency."""

LABEL_FUTURE_LIMIT = timedelta(days=366)
"""The same of a label, which may be sent long before it counts. One of the next century would outdo
every label that comes after it."""

OFFSET_BELOW = timedelta(hours=16)
"""Postgres takes no larger offset from UTC; the largest in use is 14 hours."""

STORABLE_TIME = "the year must be within 2 and 9998, the offset from UTC under 16 hours"

_FUTURE_SECONDS = FUTURE_LIMIT.total_seconds()
_AHEAD_OF = "ahead of the message, or of the clock"


def content_fault(
    event: OrderEvent, *, received_ms: int | None, oldest: datetime
) -> Rejection | None:
    """The first thing that is wrong; `received_ms` is as in `decode`."""
    if event.schema_version != SCHEMA_VERSION:
        return Rejection(
            "schema_version", f"schema_version: {event.schema_version}, known is {SCHEMA_VERSION}"
        )
    return _money_fault(event) or _time_fault(event, received_ms, oldest)


def _money_fault(event: OrderEvent) -> Rejection | None:
    amount, currency = event.amount, event.currency
    if currency not in MINOR_UNIT_DIGITS:
        return Rejection("currency", "currency: not an ISO 4217 code of money in use")
    if not -AMOUNT_BELOW < amount < AMOUNT_BELOW or not amount:
        return Rejection("amount_range", f"amount: must not be 0 and stay below {AMOUNT_BELOW}")
    if amount < 0 and event.transaction_type != "refund":
        return Rejection("amount_range", "amount: only a refund may be negative")
    if to_minor_units(amount, currency) is None:
        digits = MINOR_UNIT_DIGITS[currency]
        return Rejection("precision", f"amount: {currency} has {digits} decimals")
    return _items_fault(event) if event.items else None


def _items_fault(event: OrderEvent) -> Rejection | None:
    """Items less the discount are the amount, give or take one minor unit in all.

    A price that is not whole in minor units may have been rounded before it was multiplied, which
    is half a unit a piece. A refund may give back a part.
    """
    currency = event.currency
    scale = 10 ** MINOR_UNIT_DIGITS[currency]
    exact, rough, allowed = -round((event.discount_amount or 0.0) * scale), 0.0, 1.0
    for item in event.items:
        price = to_minor_units(item.unit_price, currency)
        if price is None:
            rough += item.quantity * item.unit_price * scale
            allowed += item.quantity / 2
        else:
            exact += item.quantity * price
    off = round(abs(event.amount) * scale) - exact - rough
    if off <= allowed and (off >= -allowed or event.transaction_type == "refund"):
        return None
    return Rejection("inconsistent", "items: their prices less the discount are not the amount")


def _time_fault(event: OrderEvent, received_ms: int | None, oldest: datetime) -> Rejection | None:
    at, created, changed = event.event_time, event.account_created_at, event.password_changed_at
    if not is_storable(at):
        return Rejection("bad_time", f"event_time: {STORABLE_TIME}")
    if created and not is_storable(created):
        return Rejection("bad_time", f"account_created_at: {STORABLE_TIME}")
    if changed and not is_storable(changed):
        return Rejection("bad_time", f"password_changed_at: {STORABLE_TIME}")
    if at.year <= oldest.year + 1 and at < oldest:
        return Rejection("ancient", f"event_time: before {oldest.isoformat()}, the oldest taken")
    if received_ms is not None and at.timestamp() - received_ms / 1000 > _FUTURE_SECONDS:
        return Rejection("future", f"event_time: more than {FUTURE_LIMIT} {_AHEAD_OF}")
    return None


def label_time_fault(labelled_at: datetime, received_ms: int | None) -> Rejection | None:
    """What is wrong with a label's time; `received_ms` is as in `decode`."""
    if not is_storable(labelled_at):
        return Rejection("bad_time", f"labelled_at: {STORABLE_TIME}")
    ahead = 0.0 if received_ms is None else labelled_at.timestamp() - received_ms / 1000
    if ahead > LABEL_FUTURE_LIMIT.total_seconds():
        limit = f"{LABEL_FUTURE_LIMIT.days} days"
        return Rejection("future", f"labelled_at: more than {limit} {_AHEAD_OF}")
    return None


def is_storable(at: datetime) -> bool:
    """Whether Postgres takes it, and whatever reads Postgres can hold it in any zone."""
    if not 1 < at.year < 9999:
        return False
    return at.tzinfo is UTC or abs(at.utcoffset() or timedelta()) < OFFSET_BELOW
