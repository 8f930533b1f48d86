"""The state that orders leave behind: a history an entity, and what is old enough to be forgotten.

State is a function of the records of the last `RETENTION` before the newest event time ingested,
in the order of ingestion, and of nothing else: when exactly something is dropped cannot be seen,
because no window reaches behind the retention. So a snapshot holds those records only.
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Any, Literal

from fraud_stream.scoring.columns import NOTHING, Columns, FrozenRows, Reader, Taken, Texts
from fraud_stream.scoring.features.catalogue import RETENTION
from fraud_stream.scoring.features.entities import TYPES, Entity
from fraud_stream.scoring.features.layout import FIRST_LOW, HIGH, HISTORY, Layout
from fraud_stream.scoring.features.measures import MIXED, SMALL
from fraud_stream.scoring.features.record import ORDER_COLUMN
from fraud_stream.scoring.features.table import EntityState, Record, Table
from fraud_stream.scoring.features.windows import DAY

LOOKS_AT_ONCE = 16
"""Entities looked at, and records let go, an order at most: forgetting never becomes a pause."""

_EVER = 1 << 58
_SHELVE_EVERY = DAY // 2
_CURRENCY = ORDER_COLUMN["currency"]
_LONGEST = max(RETENTION.values())


class Histories:
    """All entities' histories, and the records that they were made from.

    `newest` is the largest event time ingested. Entities whose amounts are kept by currency have
    a table for each currency in `money_tables`.
    """

    form: Literal["python"] = "python"

    def __init__(self, newest: int = -_EVER) -> None:
        self.newest = newest
        self.tidies_next = -_EVER
        self.tables: dict[Entity, Table] = {}
        self.money_tables: dict[Entity, defaultdict[str, Table]] = {}
        self.orders: deque[Record] = deque()
        self.labels: deque[Record] = deque()
        self._dropped = [0, 0]  # orders, labels
        self._reader = Reader()
        self._layouts: dict[Entity, Layout] = {}
        self._shelves_next = -_EVER
        self._due: deque[tuple[Table, list[EntityState]]] = deque()

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

    def load(self, of_labels: bool, texts: Texts, columns: Columns) -> int:
        """Take in a portion of a snapshot, before anything is laid out; how many records it had.

        Raises ValueError and IndexError for what is not one.
        """
        rows = self._reader.rows(of_labels, texts, columns)
        (self.labels if of_labels else self.orders).extend(rows)
        if not of_labels:
            self.newest = max([self.newest, *map(_time_of, rows)])
        return len(rows)

    def loaded(self) -> None:
        """No more portions of this snapshot will come; what no window reaches is let go."""
        self._reader = Reader()
        while self._drop(False) or self._drop(True):
            pass

    def taken(self) -> Taken:
        """How much it has ever taken in."""
        return self._dropped[0] + len(self.orders), self._dropped[1] + len(self.labels)

    def freeze(self, since: Taken = NOTHING) -> FrozenRows:
        """The records taken in since then, but for those dropped already."""
        orders, labels = (
            list(islice(records, max(0, taken - dropped), None))
            for records, taken, dropped in zip(
                (self.orders, self.labels), since, self._dropped, strict=True
            )
        )
        return FrozenRows(self.newest, orders, labels)

    def entities_held(self) -> int:
        """How many histories there are, over all kinds of entity."""
        return sum(len(table) for table in self._all_tables())

    def longest_history(self) -> int:
        """Records in the longest history."""
        lengths = (len(s[HISTORY]) for table in self._all_tables() for s in table.values())
        return max(lengths, default=0)

    def tidy(self) -> None:
        """Let go of a little of what no window can reach any more."""
        if self.newest >= self._shelves_next:
            self._shelves_next = self.newest + _SHELVE_EVERY
            for table in self._all_tables():
                due = table.shelve(self.newest)
                if due:
                    self._due.append((table, due))
        busy = self._drop(False) or self._drop(True)
        for _ in range(LOOKS_AT_ONCE):
            if not self._due:
                break
            table, states = self._due[0]
            table.look_at(states.pop(), self.newest)
            if not states:
                self._due.popleft()
        self.tidies_next = -_EVER if busy or self._due else self._shelves_next

    def _drop(self, of_labels: bool) -> bool:
        """Whether there may be more to drop."""
        queue, floor = self.labels if of_labels else self.orders, self.newest - _LONGEST
        for _ in range(LOOKS_AT_ONCE):
            if not queue or queue[0][0] >= floor:
                return False
            queue.popleft()
            self._dropped[of_labels] += 1
        return True

    def _all_tables(self) -> list[Table]:
        by_currency = [t for tables in self.money_tables.values() for t in tables.values()]
        return [*self.tables.values(), *by_currency]

    def _build(self, layout: Layout) -> None:
        """Make the tables of one entity anew from the records kept."""
        entity, kind = layout.entity, TYPES[layout.entity]
        tables: defaultdict[str, Table] = defaultdict(partial(Table, RETENTION[entity]))
        column = layout.columns[kind.column]
        for record in self._records_for(entity):
            key = record[column]
            if key is None:
                continue
            table = tables[record[_CURRENCY] if kind.per_currency else ""]
            state = table.get(key)
            if state is None:
                table[key] = [key, [record]]
            else:
                state[HISTORY].append(record)
        for table in tables.values():
            for state in table.values():
                if len(state[HISTORY]) > 1:
                    state[HISTORY].sort(key=_time_of)
                state.extend(_start(layout, state[HISTORY]))
                table.fresh.append(state)
        if kind.per_currency:
            self.money_tables[entity] = tables
        else:
            self.tables[entity] = tables[""]

    def _records_for(self, entity: Entity) -> Iterable[Record]:
        floor, kind = self.newest - RETENTION[entity], TYPES[entity]
        records = self.labels if kind.of_labels else self.orders
        if kind.per_currency:
            return (r for r in records if r[0] >= floor and is_purchase(r))
        return (r for r in records if r[0] >= floor)


def is_purchase(record: Record) -> bool:
    """Whether the order counts as spending: neither declined nor a refund."""
    return not record[ORDER_COLUMN["declined"]] and not record[ORDER_COLUMN["refund"]]


def rewind(layout: Layout, state: EntityState) -> None:
    """Put every cursor back to the start of the history; the next question moves them again."""
    state[HIGH:] = _start(layout, state[HISTORY])


def mixed_values(history: list[Record], low: int, high: int, column: int) -> Any:
    """What to keep of a history that is getting a second value, or too long to look through."""
    return MIXED if len(history) < SMALL else _count_values(history, low, high, column)


def _count_values(history: list[Record], low: int, high: int, column: int) -> dict[str, int]:
    """How often each value of `column` stands in history[low:high]; missing ones do not count."""
    counts: dict[str, int] = {}
    for record in history[low:high]:
        value = record[column]
        if value is not None:
            counts[value] = counts.get(value, 0) + 1
    return counts


def _start(layout: Layout, history: list[Record]) -> list[Any]:
    """Cursors and sums before anything is entered."""
    cursors: list[Any] = [0] * (FIRST_LOW - HIGH + len(layout.windows))
    return cursors + [
        _nothing(history, layout.columns[s.column]) if s.kind == "distinct" else 0
        for s in layout.sums
    ]


def _nothing(history: list[Record], column: int) -> Any:
    """What stands for a history before anything is counted: its only value, MIXED, or no counts."""
    if len(history) == 1 or len({record[column] for record in history}) == 1:
        return history[0][column]
    return MIXED if len(history) < SMALL else {}


def trim(layout: Layout, state: EntityState, floor: int) -> None:
    """Drop the records older than `floor`, but for the last; cursors among them start again."""
    history = state[HISTORY]
    count = min(bisect_left(history, (floor,)), len(history) - 1)
    del history[:count]
    end = FIRST_LOW + len(layout.windows)
    if min(state[HIGH:end]) < count:
        rewind(layout, state)
        return
    for slot in range(HIGH, end):
        state[slot] -= count


def _time_of(record: Record) -> int:
    return record[0]
