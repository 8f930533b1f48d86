"""Where a stream goes: Kafka's topics, or files of JSON lines."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

from fraud_core.errors import FraudPlatformError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_stream.producer.batch import Message
from fraud_stream.producer.files import PACKED, labels_beside, promises_another_packing, writing
from fraud_stream.producer.publisher import Counts, Publisher


class FileError(FraudPlatformError):
    """A file cannot be read or written; the message names it and says why."""

    exit_code = 2


class Sink(Protocol):
    """Takes messages; its counts are final once it has been left as a context manager."""

    orders: Counts
    labels: Counts
    is_live: bool
    """Whether somebody reads along, so that a run lasts as long as the clock says."""
    oldest: datetime | None
    """Who reads along takes no order from before it, nor from long after now. None for a file: it
    may be read at any time, and by whoever sets other limits."""

    def __enter__(self) -> Self:
        """Make ready; raises when nothing can be delivered."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Wait until everything sent is delivered."""
        ...

    def send(self, orders: Sequence[Message], labels: Sequence[Message]) -> None:
        """Send orders, then labels."""
        ...


class KafkaSink:
    """The topics of orders and labels; both are made unless they are there."""

    is_live = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.oldest: datetime | None = settings.oldest_event_time
        self._publisher = Publisher(settings.kafka_client(KafkaPart.PRODUCER))
        self.orders = self._publisher.counts(settings.kafka_topic_transactions)
        self.labels = self._publisher.counts(settings.kafka_topic_labels)

    def __enter__(self) -> Self:
        for topic in (self._settings.kafka_topic_transactions, self._settings.kafka_topic_labels):
            self._publisher.require_topic(topic, self._settings.kafka_partitions)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._publisher.flush()

    def send(self, orders: Sequence[Message], labels: Sequence[Message]) -> None:
        """Send orders, then labels."""
        self._publisher.publish(self._settings.kafka_topic_transactions, orders)
        self._publisher.publish(self._settings.kafka_topic_labels, labels)


class FileSink:
    """JSON lines in `path`, labels beside it.

    A broken message keeps its one line: line breaks are taken out of it, and one without any byte
    is an empty line. Raises FileError for what cannot be written, as on a full disk, and for the
    name of a packed file that would hold plain lines.
    """

    is_live = False
    oldest: datetime | None = None

    def __init__(self, path: Path) -> None:
        if promises_another_packing(path):
            raise FileError(
                f"--to-file: {path} would not be packed as {path.suffix}: give it one of "
                f"{', '.join(PACKED)}, or a name without a packer's suffix for plain lines"
            )
        self._path = path
        self._files: Mapping[str, IO[bytes]] = {}
        self._open = ExitStack()
        self.orders = Counts()
        self.labels = Counts()

    def __enter__(self) -> Self:
        try:
            self._files = {
                "orders": self._open.enter_context(writing(self._path)),
                "labels": self._open.enter_context(writing(labels_beside(self._path))),
            }
        except OSError as error:
            raise FileError(f"cannot write {error.filename}: {error.strerror}") from error
        return self

    def _refused(self, error: OSError) -> FileError:
        return FileError(f"cannot write {self._path} and its labels: {error.strerror or error}")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        try:
            self._open.close()
        except OSError as refused:
            raise self._refused(refused) from refused

    def send(self, orders: Sequence[Message], labels: Sequence[Message]) -> None:
        """Append orders and labels to their files."""
        self._write(self._files["orders"], self.orders, orders)
        self._write(self._files["labels"], self.labels, labels)

    def _write(self, file: IO[bytes], counts: Counts, messages: Sequence[Message]) -> None:
        lines = [(value or b"").replace(b"\n", b"") for _, value in messages]
        if lines:
            try:
                file.write(b"\n".join(lines) + b"\n")
            except OSError as error:
                raise self._refused(error) from error
        counts.sent += len(lines)
        counts.acknowledged += len(lines)
