"""Messages of orders out of each source, with the time of the order."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fraud_core.errors import ReplayError
from fraud_core.events import OrderEvent
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.triage import believed_ms
from fraud_stream.producer.files import UNREADABLE, reading

BATCH_ROWS = 5_000

_NESTED = {"shipping": "shipping_", "billing": "billing_"}
_RENAMED = {"occurred_at": "event_time"}


class Message(NamedTuple):
    """Key and value as Kafka has them, and the order that the value says."""

    key: bytes
    value: bytes
    order: OrderEvent

    @property
    def at(self) -> datetime:
        """When the order was placed."""
        return self.order.event_time


class Sent(NamedTuple):
    """What is known of a message besides its value: its time in milliseconds, and its key."""

    value: bytes
    received_ms: int | None = None
    key: bytes | None = None


def from_sent(messages: Iterable[Sent], terms: Terms) -> Iterator[Message]:
    """The orders among messages.

    Read as the consumer reads them, so what it would have made a dead letter is left out.
    """
    for value, received_ms, key in messages:
        found = decode(
            value,
            max_bytes=terms.max_bytes,
            received_ms=believed_ms(received_ms, terms),
            key=key,
            oldest=terms.oldest,
        )
        if isinstance(found, OrderEvent):
            yield Message(found.customer_id.encode(), value, found)


def from_values(values: Iterable[bytes], terms: Terms) -> Iterator[Message]:
    """The orders among values of which nothing else is known."""
    return from_sent(map(Sent, values), terms)


def from_file(path: Path, terms: Terms) -> Iterator[Message]:
    """Of a file of JSON lines, packed or not. Raises ReplayError when it cannot be read."""
    try:
        with reading(path) as lines:
            yield from from_values((line.rstrip(b"\n") for line in lines), terms)
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or error
        raise ReplayError(f"cannot read {path}: {reason}") from error


def from_parquet(url: str) -> Iterator[Message]:
    """Of an exported data set of transactions, a folder or a file.

    An export holds no personal data: rules that look at some find it missing. Raises ReplayError
    when it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    from fsspec.core import url_to_fs

    try:
        files, path = url_to_fs(url)
        if not files.exists(path):
            raise ReplayError(f"there is nothing at {url}")
        data = ds.dataset(path, filesystem=files, format="parquet", partitioning="hive")
        for batch in data.to_batches(batch_size=BATCH_ROWS):
            yield from (_of_row(row, url) for row in batch.to_pylist())
    # A protocol that is not known or has no driver, or a file that is no Parquet.
    except (OSError, ValueError, ImportError, pa.ArrowException) as error:
        raise ReplayError(f"cannot read {url}: {error}") from error


def _of_row(row: dict[str, Any], url: str) -> Message:
    """The order that a row of facts was made of, as far as the row tells."""
    known = {_RENAMED.get(name, name): value for name, value in row.items() if value is not None}
    fields = {name: known[name] for name in OrderEvent.__struct_fields__ if name in known}
    for whole, prefix in _NESTED.items():
        parts = {k.removeprefix(prefix): v for k, v in known.items() if k.startswith(prefix)}
        fields |= {whole: parts} if parts else {}
    try:
        order = msgspec.convert({"schema_version": 1, **fields}, OrderEvent, strict=False)
    except msgspec.ValidationError as error:
        raise ReplayError(f"{url}: a row is no order: {error}") from error
    return Message(order.customer_id.encode(), msgspec.json.encode(order), order)
