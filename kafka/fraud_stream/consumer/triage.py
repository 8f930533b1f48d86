"""Sort a batch into orders, labels, duplicates and dead letters.

Pure but for the look-up it is handed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import msgspec

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.batch import Partition, Record, Terms, coordinates, received_ms
from fraud_stream.consumer.decode import decode, decode_label
from fraud_stream.consumer.forms import in_event_time, quick_orders
from fraud_stream.consumer.known_order import decode_known
from fraud_stream.consumer.rejection import ERASED, Rejection
from fraud_stream.consumer.sorting import Decoded
from fraud_stream.consumer.whereabouts import named
from fraud_stream.scoring.order.identity import composed

LookUp = Callable[[Sequence[str]], Mapping[str, bytes | None]]
"""Messages of the orders that have landed, by transaction_id, for those ids that have.

None stands for a message that retention has dropped: that the order landed is known for ever.
"""

KnownBad = Mapping[tuple[Partition, int], Rejection]
"""Messages of which it is known already that they cannot be landed, by partition and offset."""

NONE_KNOWN: KnownBad = {}

IsErased = Callable[[OrderEvent], bool]
"""Whether the order is from before its customer was erased, and so must not come back."""

LOOKED_OVER_AT_ONCE = 200
"""Messages that one call of compiled code takes: it keeps all other threads waiting, and among them
the one that lands the batch before."""


CLOCKS_APART_MS = 3_600_000
"""So far ahead of the clock a message's own time is believed: a sender whose clock is years ahead
would push every window there, and leave them all empty."""


class Triage(msgspec.Struct):
    """Each record of the batch is in exactly one of these, in the order of consumption.

    Orders leave it as they are taken, to be let go once they are scored. The last `dead_at_end`
    records are all dead.
    """

    orders: list[tuple[Record, OrderEvent]]
    labels: list[tuple[Record, LabelEvent]]
    duplicates: list[tuple[Record, str]]
    dead: list[tuple[Record, Rejection]]
    dead_at_end: int = 0

    def take(self, count: int) -> list[tuple[Record, OrderEvent]]:
        """The first orders, which are no longer part of it."""
        some = self.orders[:count]
        del self.orders[:count]
        return some

    def add(self, later: "Triage") -> None:
        """Take in what was sorted out after it; `dead_at_end` counts in the later alone."""
        self.orders += later.orders
        self.labels += later.labels
        self.duplicates += later.duplicates
        self.dead += later.dead
        self.dead_at_end = later.dead_at_end


def triage(
    records: Sequence[Record],
    terms: Terms,
    *,
    landed: LookUp,
    known_bad: KnownBad = NONE_KNOWN,
    is_erased: IsErased | None = None,
) -> Triage:
    """The first message of a transaction_id is the order, however long ago it was seen.

    A further one with the same content is a duplicate, and so is one whose first message is no
    longer there to compare it with; one with other content is a dead letter, because an order is
    never overwritten. `known_bad` are dead letters whatever they hold. Without `is_erased` nobody
    was erased.
    """
    found = in_event_time(decoded(records, terms))
    if known_bad:
        found = [(record, known_bad.get(coordinates(record), event)) for record, event in found]
    ids = [event.transaction_id for _, event in found if isinstance(event, OrderEvent)]
    seen = dict(landed(ids)) if ids else {}
    if not seen and len(set(ids)) == len(found):
        orders = cast("list[tuple[Record, OrderEvent]]", found)
        if not (is_erased and any(is_erased(order) for _, order in orders)):
            return Triage(orders, [], [], [])  # as almost every batch
    sorted_out, dead_at_end = Triage([], [], [], []), 0
    for record, event in found:
        dead_at_end += 1
        if isinstance(event, OrderEvent):
            name = event.transaction_id
            if name in seen:
                if rejection := _again(seen[name], record):
                    sorted_out.dead.append((record, rejection))
                    continue
                sorted_out.duplicates.append((record, name))
            elif is_erased and is_erased(event):
                sorted_out.dead.append((record, ERASED))
                continue
            else:
                seen[name] = record.value() or b""
                sorted_out.orders.append((record, event))
        elif isinstance(event, LabelEvent):
            sorted_out.labels.append((record, event))
        else:
            sorted_out.dead.append((record, event))
            continue
        dead_at_end = 0
    sorted_out.dead_at_end = dead_at_end
    return sorted_out


def _again(first: bytes | None, record: Record) -> Rejection | None:
    """What is wrong with a further message of an id, None when it says the same as the first."""
    value = record.value() or b""
    return None if _same_order(first, value) else _conflict(first or b"", value)


def decoded(records: Sequence[Record], terms: Terms) -> list[Decoded]:
    """Each record with what it holds, in their order."""
    orders: list[OrderEvent | None] = []
    for start in range(0, len(records), LOOKED_OVER_AT_ONCE):
        some = records[start : start + LOOKED_OVER_AT_ONCE]
        orders += quick_orders(decode_known, some, terms)
    return [
        (record, order or _carefully(record, terms))
        for record, order in zip(records, orders, strict=True)
    ]


def believed_ms(own_ms: int | None, terms: Terms) -> int:
    """The time that an event's time is held against, by the one that the message bears."""
    return terms.now_ms if own_ms is None else min(own_ms, terms.now_ms + CLOCKS_APART_MS)


def _carefully(record: Record, terms: Terms) -> OrderEvent | LabelEvent | Rejection:
    at = believed_ms(received_ms(record), terms)
    if record.topic() == terms.labels_topic:
        return decode_label(record.value(), max_bytes=terms.max_bytes, received_ms=at)
    return decode(
        record.value(),
        max_bytes=terms.max_bytes,
        received_ms=at,
        key=_key(record),
        oldest=terms.oldest,
    )


def _key(record: Record) -> bytes | None:
    key = record.key()
    return key.encode() if isinstance(key, str) else key


def _same_order(first: bytes | None, second: bytes) -> bool:
    """Whether the messages say the same, however they write it.

    A first message that is no longer kept says whatever the second one does.
    """
    return first is None or first == second or _content(first) == _content(second)


def _conflict(first: bytes, second: bytes) -> Rejection:
    old, new = _content(first), _content(second)
    fields = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return Rejection(
        "id_conflict",
        f"transaction_id: landed before with other content in {', '.join(map(named, fields[:10]))}",
    )


TIMES = ("event_time", "account_created_at", "password_changed_at")
"""The order's times, which are the same moment in whatever zone they are written."""


def _content(value: bytes) -> dict[str, Any]:
    """What an order says, apart from how: spaces, the order of keys and 1.0 for 1 mean nothing.

    Exact, and for numbers of any size; only messages that share an id come here.
    """
    content = _said(json.loads(value, parse_float=Decimal))
    for name in TIMES:
        if name in content:
            content[name] = msgspec.convert(content[name], datetime)
    return content


def _said(content: Any) -> Any:
    """Letters with marks in their one form, in which ids are the same id, and no empty fields.

    Some senders leave out what they do not know, others send null, {} or []: none says anything.
    """
    if isinstance(content, str):
        return composed(content)
    if isinstance(content, list):
        return [_said(part) for part in content]
    if isinstance(content, dict):
        said = {name: _said(part) for name, part in content.items()}
        return {name: part for name, part in said.items() if part not in (None, {}, [])}
    return content
