"""A batch's records in order of event time, as far as their partitions allow. Pure."""

from collections.abc import Sequence

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.batch import Partition, Record, coordinates
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.scoring.order.clock import microseconds

Decoded = tuple[Record, OrderEvent | LabelEvent | Rejection]
_NEVER = -(1 << 63)


def in_event_time(decoded: Sequence[Decoded]) -> list[Decoded]:
    """By event time, without ever reordering a partition; what has none stays with its neighbour.

    Orders that reach the broker within one millisecond are told apart by this alone.
    """
    newest: dict[Partition, int] = {}
    keys: list[tuple[int, Partition, int]] = []
    for record, event in decoded:
        partition, offset = coordinates(record)
        before = newest.get(partition, _NEVER)
        at = microseconds(event.event_time) if isinstance(event, OrderEvent) else before
        newest[partition] = at = max(at, before)
        keys.append((at, partition, offset))
    return [decoded[place] for place in sorted(range(len(keys)), key=keys.__getitem__)]
