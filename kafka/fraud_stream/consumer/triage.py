"""Sort a batch into orders, labels, duplicates and dead letters.

Pure but for the look-up it is handed.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from math import inf
from typing import Any

import msgspec

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.batch import Partition, Record, coordinates
from fraud_stream.consumer.decode import decode, decode_label
from fraud_stream.consumer.rejection import Rejection

Decoded = tuple[Record, OrderEvent | LabelEvent | Rejection]

LookUp = Callable[[Sequence[str]], Mapping[str, bytes]]
"""Messages of the orders that have landed, by transaction_id, for those ids that have."""

KnownBad = Mapping[tuple[Partition, int], Rejection]
"""Messages of which it is known already that they cannot be landed, by partition and offset."""

NONE_KNOWN: KnownBad = {}
NO_TIMESTAMP = 0


class Triage(msgspec.Struct, frozen=True):
    """Each record of the batch is in exactly one of these, in the order of consumption."""

    orders: list[tuple[Record, OrderEvent]]
    labels: list[tuple[Record, LabelEvent]]
    duplicates: list[tuple[Record, str]]
    dead: list[tuple[Record, Rejection]]


def triage(
    records: Iterable[Record],
    *,
    labels_topic: str,
    max_bytes: int,
    landed: LookUp,
    known_bad: KnownBad = NONE_KNOWN,
) -> Triage:
    """The first message of a transaction_id is the order, however long ago it was seen.

    A further one with the same content is a duplicate; one with other content is a dead letter,
    because an order is never overwritten. `known_bad` are dead letters whatever they hold.
    """
    decoded = in_event_time(
        [(record, _decoded(record, labels_topic, max_bytes)) for record in records]
    )
    if known_bad:
        decoded = [(record, known_bad.get(coordinates(record), event)) for record, event in decoded]
    ids = [event.transaction_id for _, event in decoded if isinstance(event, OrderEvent)]
    seen = dict(landed(ids)) if ids else {}
    sorted_out = Triage([], [], [], [])
    for record, event in decoded:
        if isinstance(event, Rejection):
            sorted_out.dead.append((record, event))
            continue
        if isinstance(event, LabelEvent):
            sorted_out.labels.append((record, event))
            continue
        value, first = record.value() or b"", seen.get(event.transaction_id)
        if first is None:
            seen[event.transaction_id] = value
            sorted_out.orders.append((record, event))
        elif _same_content(first, value):
            sorted_out.duplicates.append((record, event.transaction_id))
        else:
            sorted_out.dead.append((record, _conflict(first, value)))
    return sorted_out


def in_event_time(decoded: Sequence[Decoded]) -> list[Decoded]:
    """By event time, without ever reordering a partition; what has none stays with its neighbour.

    Orders that reach the broker within one millisecond are told apart by this alone.
    """
    newest: dict[Partition, float] = {}
    keys: list[tuple[float, Partition, int]] = []
    for record, event in decoded:
        partition, offset = coordinates(record)
        before = newest.get(partition, -inf)
        at = event.event_time.timestamp() if isinstance(event, OrderEvent) else before
        newest[partition] = at = max(at, before)
        keys.append((at, partition, offset))
    return [decoded[place] for place in sorted(range(len(keys)), key=keys.__getitem__)]


def _decoded(
    record: Record, labels_topic: str, max_bytes: int
) -> OrderEvent | LabelEvent | Rejection:
    if record.topic() == labels_topic:
        return decode_label(record.value(), max_bytes=max_bytes)
    return decode(record.value(), max_bytes=max_bytes, received_ms=received_ms(record))


def received_ms(record: Record) -> int | None:
    """When the producer or the broker stamped the message, if one did so sensibly."""
    kind, at = record.timestamp()
    return at if kind != NO_TIMESTAMP and 0 <= at < 253_370_764_800_000 else None


def _same_content(first: bytes, second: bytes) -> bool:
    """Whether the messages say the same; spaces, order of keys and 1.0 for 1 mean nothing."""
    return first == second or _content(first) == _content(second)


def _conflict(first: bytes, second: bytes) -> Rejection:
    old, new = _content(first), _content(second)
    fields = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    return Rejection(
        "id_conflict",
        f"transaction_id: landed before with other content in {', '.join(fields[:10])}",
    )


def _content(value: bytes) -> dict[str, Any]:
    """Exact, and for numbers of any size; only messages that share an id come here."""
    return json.loads(value, parse_float=Decimal)
