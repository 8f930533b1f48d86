"""A file's orders as a stream, and its labels on their own, later."""

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import msgspec

from fraud_stream.producer.batch import Batch, Message
from fraud_stream.producer.labels import Ledger
from fraud_stream.producer.mapping.events import Binding, Mapped
from fraud_stream.producer.mapping.rows import BadRow, Row, is_json, rows
from fraud_stream.producer.mapping.spec import Mapping, MappingError

CHUNK = 2_000
REMEMBERED = 20
"""Rows that could not be mapped are all counted; so many are kept to be shown."""
FOREVER = 2**62
LATEST = 253_402_300_799_000
"""The last second of the year 9999, in milliseconds."""
UNMAPPABLE = (ValueError, LookupError, TypeError, ArithmeticError, msgspec.ValidationError)
"""What a row can make of the functions that read its values."""


class Unmapped:
    """Rows that became no order."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def add(self, line: int, reason: str) -> None:
        """Take note of a line."""
        self.count += 1
        if len(self.first) < REMEMBERED:
            self.first.append(f"line {line}: {reason}")


class Replay:
    """The orders of a file in order of time, at most `limit`; labels follow after `label_delay`.

    `label_delay` is milliseconds of event time. Raises MappingError before the first order when
    the file cannot be read or a column is missing, in JSON lines from every row.
    """

    def __init__(
        self, path: Path, mapping: Mapping, *, label_delay: int, limit: int | None = None
    ) -> None:
        self.unmapped = Unmapped()
        self._path = path
        self._mapping = mapping
        self._label_delay = label_delay
        self._limit = limit
        self._ledger = Ledger(seed=0)

    def batches(self) -> Iterator[Batch]:
        """The stream, and at its end the labels that are still to come."""
        orders = islice(self._in_order(), self._limit)
        while chunk := list(islice(orders, CHUNK)):
            yield self._batch(chunk)
        yield Batch(at=[], orders=[], labels=list(self._ledger.known(FOREVER)))

    def labels_to_come(self) -> Iterator[bytes]:
        """Transaction ids of labels about orders so far that were not given out."""
        return self._ledger.pending()

    def _in_order(self) -> Iterator[Mapped]:
        if not self._mapping.sorted:
            yield from sorted(self._mapped(), key=lambda order: order.at)
            return
        last = -FOREVER
        for order in self._mapped():
            if order.at < last:
                raise MappingError(
                    f"{self._path}: order {order.transaction_id} is older than the one before it: "
                    "say `sorted: false` in the mapping"
                )
            last = order.at
            yield order

    def _mapped(self) -> Iterator[Mapped]:
        binding = Binding(self._mapping, str(self._path))
        for line, row in self._rows_with_columns(binding):
            if isinstance(row, BadRow):
                self.unmapped.add(line, row.reason)
                continue
            try:
                order = binding.event(row)
                if order.at + self._label_delay > LATEST:
                    raise ValueError("event_time: its label would be known after the year 9999")
            except UNMAPPABLE as error:
                self.unmapped.add(line, str(error))
            else:
                yield order

    def _rows_with_columns(self, binding: Binding) -> Iterator[tuple[int, Row | BadRow]]:
        """All rows, once enough of them were read to know that no column is missing."""
        found = rows(self._path, self._mapping.separator)
        read: list[tuple[int, Row | BadRow]] = []
        columns: dict[str, None] = {}
        for line, row in found:
            read.append((line, row))
            if isinstance(row, BadRow):
                continue
            columns |= dict.fromkeys(row)
            if not is_json(self._path) or not binding.lacks(columns):
                break
        if columns:
            binding.require(columns)
        yield from chain(read, found)

    def _batch(self, chunk: list[Mapped]) -> Batch:
        orders: list[Message] = []
        for order in chunk:
            orders.append((order.customer_id.encode(), order.value))
            if order.is_fraud is not None:
                self._ledger.learned(
                    order.transaction_id,
                    order.at + self._label_delay,
                    is_fraud=order.is_fraud,
                    reason=order.reason,
                )
        return Batch(
            at=[order.at for order in chunk],
            orders=orders,
            labels=list(self._ledger.known(chunk[-1].at + 1)),
        )
