"""A scorer's state as bytes, and back: the records that a window can still reach, nothing else.

The same state gives the same bytes, whatever rule set it was kept for and however it came about.
"""

import msgspec

from fraud_core.errors import RuleError
from fraud_stream.scoring.features.history import Histories
from fraud_stream.scoring.features.record import LabelRecord, OrderRecord

FORMAT = 1


class Snapshot(msgspec.Struct, array_like=True, frozen=True):
    """What is written; `columns` guards against records of another layout."""

    format: int
    columns: tuple[str, ...]
    newest: int
    orders: list[tuple[object, ...]]
    labels: list[tuple[object, ...]]


_COLUMNS = (*OrderRecord._fields, "|", *LabelRecord._fields)


def write_snapshot(state: Histories) -> bytes:
    """All of the state."""
    return msgspec.msgpack.encode(
        Snapshot(FORMAT, _COLUMNS, state.newest, state.kept_orders(), state.kept_labels())
    )


def read_snapshot(data: bytes, state: Histories) -> None:
    """Replace `state` by what was written. Raises RuleError for a snapshot of another version."""
    try:
        snapshot = msgspec.msgpack.decode(data, type=Snapshot)
    except msgspec.DecodeError as error:
        raise RuleError(f"not a scorer's snapshot: {error}; rebuild from landed orders") from error
    if (snapshot.format, snapshot.columns) != (FORMAT, _COLUMNS):
        raise RuleError("the snapshot is of another version; rebuild the state from landed orders")
    shared: dict[object, object] = {}

    def share(value: object) -> object:
        kept = tuple(value) if isinstance(value, list) else value
        return shared.setdefault(kept, kept) if isinstance(kept, str | tuple) else kept

    orders = [tuple([share(value) for value in record]) for record in snapshot.orders]
    labels = [tuple([share(value) for value in record]) for record in snapshot.labels]
    state.replace(snapshot.newest, orders, labels)
