"""What goes from stage to stage of the consumer: records, positions, a batch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from confluent_kafka import Message

from fraud_core.events import OLDEST_EVENT

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""

Positions = Mapping[Partition, int]
"""For each partition the next offset to be read: everything below is accounted for."""

Record = Message
"""One message as the Kafka client hands it out: bytes and coordinates, without an error."""


def coordinates(record: Record) -> tuple[Partition, int]:
    """Where the record stands; the client has them for every message that it hands out."""
    return (record.topic() or "", record.partition() or 0), record.offset() or 0


NO_TIMESTAMP = 0


def received_ms(record: Record) -> int | None:
    """When the producer or the broker stamped the message, if one did so sensibly."""
    kind, at = record.timestamp()
    return at if kind != NO_TIMESTAMP and 0 <= at < 253_370_764_800_000 else None


class Terms(NamedTuple):
    """What the messages of a batch are held against.

    What comes on `labels_topic` is a label. Orders from before `oldest` are not taken, and nothing
    of more than `max_bytes`. `now_ms`, in milliseconds since 1970, stands for the time of messages
    that have none: nobody may push watermarks ahead by leaving it out.
    """

    labels_topic: str
    max_bytes: int
    now_ms: int
    oldest: datetime = OLDEST_EVENT


class Batch(msgspec.Struct, frozen=True):
    """Records in the order of consumption, and where reading stood before and stands after.

    `end` may be beyond the last record: what a transactional producer leaves between messages
    takes up offsets too. `quarantined` are the coordinates of messages that must not be read.
    """

    records: Sequence[Record]
    start: Positions
    end: Positions
    quarantined: Sequence[tuple[Partition, int]] = ()

    def skipped(self) -> dict[Partition, int]:
        """How many offsets hold none of its messages, of partitions where there are any."""
        passed = {place: end - self.start[place] for place, end in self.end.items()}
        if sum(passed.values()) == len(self.records) + len(self.quarantined):
            return {}  # as of almost every batch
        held = Counter(coordinates(record)[0] for record in self.records)
        held.update(place for place, _ in self.quarantined)
        return {place: some - held[place] for place, some in passed.items() if some > held[place]}


class BreakerState(msgspec.Struct, frozen=True):
    """How many messages in a row became dead letters, and whether landing waits because of that."""

    consecutive: int = 0
    tripped: bool = False


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages ended. `landed` are orders, of which `flagged` is a part."""

    landed: int = 0
    flagged: int = 0
    labels: int = 0
    duplicates: int = 0
    dead: int = 0

    def messages(self) -> int:
        """How many there were."""
        return self.landed + self.labels + self.duplicates + self.dead

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            landed=self.landed + other.landed,
            flagged=self.flagged + other.flagged,
            labels=self.labels + other.labels,
            duplicates=self.duplicates + other.duplicates,
            dead=self.dead + other.dead,
        )


class Landing(msgspec.Struct, frozen=True, kw_only=True):
    """A scored batch, ready to be written: what COPY is to read, by table, and what moves with it.

    `breaker` is its new state, None when that has not changed; `skipped` as of the batch.
    """

    start: Positions
    end: Positions
    rows: Mapping[str, bytes]
    last_ingest_id: int
    newest_event_time: str | None
    counts: Counts
    breaker: BreakerState | None = None
    skipped: Mapping[Partition, int] = {}

    @property
    def scored_after(self) -> int:
        """The last ingest_id of what had landed before it."""
        return self.last_ingest_id - self.counts.landed - self.counts.labels
