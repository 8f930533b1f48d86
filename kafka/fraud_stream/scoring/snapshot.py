"""A scorer's state as bytes, and back: the records that a window can still reach, nothing else.

The same state gives the same bytes, whatever rule set it was kept for and however it came about.
"""

import msgspec

from fraud_core.errors import RuleError
from fraud_stream.scoring.features.catalogue import RETENTION
from fraud_stream.scoring.features.history import Histories
from fraud_stream.scoring.features.record import LabelRecord, OrderRecord
from fraud_stream.scoring.features.table import Record

FORMAT = 1


class Snapshot(msgspec.Struct, array_like=True, frozen=True):
    """What is written; `columns` guards against records of another layout."""

    format: int
    columns: tuple[str, ...]
    newest: int
    orders: list[tuple[object, ...]]
    labels: list[tuple[object, ...]]


_COLUMNS = (*OrderRecord._fields, "|", *LabelRecord._fields)


class FrozenState(msgspec.Struct, frozen=True):
    """The state at one moment. Records never change, so it can be encoded while orders go on.

    Taking it is a copy of references, some milliseconds for a million orders; `encode` takes
    hundreds, and may run in another thread.
    """

    newest: int
    orders: list[Record]
    labels: list[Record]

    def encode(self) -> bytes:
        """The snapshot's bytes."""
        floor = self.newest - max(RETENTION.values())
        orders = [record for record in self.orders if record[0] >= floor]
        labels = [record for record in self.labels if record[0] >= floor]
        return msgspec.msgpack.encode(Snapshot(FORMAT, _COLUMNS, self.newest, orders, labels))


def freeze(state: Histories) -> FrozenState:
    """All of the state, as it is now."""
    return FrozenState(state.newest, list(state.orders), list(state.labels))


def read_snapshot(data: bytes, state: Histories) -> None:
    """Replace `state` by what was written. Raises RuleError for a snapshot of another version."""
    try:
        snapshot = msgspec.msgpack.decode(data, type=Snapshot)
    except msgspec.DecodeError as error:
        raise RuleError(f"not a scorer's snapshot: {error}; rebuild from landed orders") from error
    if (snapshot.format, snapshot.columns) != (FORMAT, _COLUMNS):
        raise RuleError("the snapshot is of another version; rebuild the state from landed orders")
    shared: dict[object, object] = {}
    orders = [_record(record, shared) for record in snapshot.orders]
    labels = [_record(record, shared) for record in snapshot.labels]
    state.replace(snapshot.newest, orders, labels)


def _record(read: tuple[object, ...], shared: dict[object, object]) -> Record:
    """A record as it was, with one copy of each text and place for all records."""
    values = [tuple(v) if isinstance(v, list) else v for v in read]
    return tuple([shared.setdefault(v, v) if isinstance(v, str | tuple) else v for v in values])
