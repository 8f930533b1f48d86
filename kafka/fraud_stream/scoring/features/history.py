"""The state that orders leave behind: a history an entity, and what is old enough to be forgotten.

State is a function of the records of the last `RETENTION` before the newest event time ingested,
in the order of ingestion, and of nothing else: when exactly something is dropped cannot be seen,
because no window reaches behind the retention. So a snapshot holds those records only.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Any

from fraud_stream.scoring.features.catalogue import RETENTION
from fraud_stream.scoring.features.entities import ENTITIES, TYPES, Entity
from fraud_stream.scoring.features.layout import (
    FIRST_LOW,
    HIGH,
    HISTORY,
    Layout,
)
from fraud_stream.scoring.features.record import ORDER_COLUMN
from fraud_stream.scoring.features.windows import DAY

Record = tuple[Any, ...]
EntityState = list[Any]
Table = dict[str, EntityState]

DROPS_AT_ONCE = 8
"""Records let go an order at most, so that a gap in the stream never becomes a pause."""

_EVER = 1 << 62
_CURRENCY = ORDER_COLUMN["currency"]


class Histories:
    """All entities' histories, and a queue of records for each length of retention.

    `newest` is the largest event time ingested. Entities whose amounts are kept by currency have
    a table for each currency in `money_tables`.
    """

    def __init__(self) -> None:
        self.newest = -_EVER
        self.expires_next = -_EVER
        self.tables: dict[Entity, Table] = {}
        self.money_tables: dict[Entity, defaultdict[str, Table]] = {}
        self._layouts: dict[Entity, Layout] = {}
        lengths = sorted({RETENTION[e] for e in ENTITIES if not TYPES[e].of_labels}, reverse=True)
        self.order_queues: dict[int, deque[Record]] = {length: deque() for length in lengths}
        self.labels: deque[Record] = deque()

    def lay_out(self, layouts: dict[Entity, Layout]) -> None:
        """Hold these entities and no others; what has the same layout as before stays as it is.

        New ones are built from the records that are still kept.
        """
        fresh = [new for new in layouts.values() if self._layouts.get(new.entity) != new]
        kept = set(layouts) - {layout.entity for layout in fresh}
        self._layouts = dict(layouts)
        self.tables = {e: t for e, t in self.tables.items() if e in kept}
        self.money_tables = {e: t for e, t in self.money_tables.items() if e in kept}
        for layout in fresh:
            self._build(layout)

    def replace(self, newest: int, orders: Iterable[Record], labels: Iterable[Record]) -> None:
        """Forget everything and start from these records, in the order of ingestion."""
        self.newest, self.expires_next = newest, -_EVER
        records = list(orders)
        for length, queue in self.order_queues.items():
            queue.clear()
            queue.extend(r for r in records if r[0] >= newest - length)
        self.labels.clear()
        self.labels.extend(labels)
        for layout in self._layouts.values():
            self._build(layout)

    def kept_orders(self) -> list[Record]:
        """Records of orders that a window can still reach, in the order of ingestion."""
        length, queue = next(iter(self.order_queues.items()))
        return [record for record in queue if record[0] >= self.newest - length]

    def kept_labels(self) -> list[Record]:
        """Records of labels that a window can still reach, in the order of ingestion."""
        floor = self.newest - RETENTION["shop_labels"]
        return [record for record in self.labels if record[0] >= floor]

    def expire(self) -> None:
        """Let go of some of what no window can reach any more."""
        heads = [
            self._drop(queue, length, of_labels=False)
            for length, queue in self.order_queues.items()
        ]
        heads.append(self._drop(self.labels, RETENTION["shop_labels"], of_labels=True))
        self.expires_next = min(heads)

    def _drop(self, queue: deque[Record], length: int, *, of_labels: bool) -> int:
        """Returns the event time at which there is something to drop again."""
        floor = self.newest - length
        layouts = [
            layout
            for layout in self._layouts.values()
            if RETENTION[layout.entity] == length and TYPES[layout.entity].of_labels is of_labels
        ]
        for _ in range(DROPS_AT_ONCE):
            if not queue or queue[0][0] >= floor:
                break
            record = queue.popleft()
            for layout in layouts:
                self._forget(layout, record, floor)
        return queue[0][0] + length + 1 if queue else self.newest + DAY

    def _forget(self, layout: Layout, record: Record, floor: int) -> None:
        """Drop the record's entity when all of its history is old, half of it when half is."""
        entity = layout.entity
        key = record[layout.columns[TYPES[entity].column]]
        table = self._table(entity, record)
        state = table.get(key)
        if state is None:
            return
        history: list[Record] = state[HISTORY]
        if history[-1][0] < floor:
            del table[key]
        elif history[len(history) >> 1][0] < floor:
            _trim(layout, state, bisect_left(history, (floor,)))

    def _table(self, entity: Entity, record: Record) -> Table:
        if TYPES[entity].per_currency:
            return self.money_tables[entity][record[_CURRENCY]]
        return self.tables[entity]

    def _build(self, layout: Layout) -> None:
        """Make the tables of one entity anew from the records kept."""
        entity, kind = layout.entity, TYPES[layout.entity]
        if kind.per_currency:
            self.money_tables[entity] = defaultdict(dict)
        else:
            self.tables[entity] = {}
        records = self.labels if kind.of_labels else self.order_queues[RETENTION[entity]]
        column = layout.columns[kind.column]
        for record in records:
            key = record[column]
            if key is None or (kind.per_currency and not is_purchase(record)):
                continue
            table = self._table(entity, record)
            state = table.get(key)
            if state is None:
                table[key] = [key, [record]]
            else:
                state[HISTORY].append(record)
        tables = self.money_tables[entity].values() if kind.per_currency else [self.tables[entity]]
        for table in tables:
            for state in table.values():
                state[HISTORY].sort(key=_time_of)
                state.extend(_start(layout, state[HISTORY]))


def is_purchase(record: Record) -> bool:
    """Whether the order counts as spending: neither declined nor a refund."""
    return not record[ORDER_COLUMN["declined"]] and not record[ORDER_COLUMN["refund"]]


def rewind(layout: Layout, state: EntityState) -> None:
    """Put every cursor back to the start of the history; the next question moves them again."""
    state[HIGH:] = _start(layout, state[HISTORY])


def count_values(history: list[Record], low: int, high: int, column: int) -> dict[str, int]:
    """How often each value of `column` stands in history[low:high]; missing ones do not count."""
    counts: dict[str, int] = {}
    for record in history[low:high]:
        value = record[column]
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return counts


def _start(layout: Layout, history: list[Record]) -> list[Any]:
    cursors: list[Any] = [0] * (FIRST_LOW - HIGH + len(layout.windows))
    return cursors + [
        _nothing(history, layout.columns[s.column]) if s.kind == "distinct" else 0
        for s in layout.sums
    ]


def _nothing(history: list[Record], column: int) -> Any:
    """No counts yet; or the one value that the whole history has."""
    first = history[0][column]
    return first if all(record[column] == first for record in history) else {}


def _trim(layout: Layout, state: EntityState, count: int) -> None:
    """Drop the first `count` records; a cursor that was still among them starts again."""
    history = state[HISTORY]
    del history[:count]
    end = FIRST_LOW + len(layout.windows)
    if min(state[HIGH:end]) < count:
        rewind(layout, state)
        return
    for slot in range(HIGH, end):
        state[slot] -= count


def _time_of(record: Record) -> int:
    return record[0]
