"""Who may do what in Kafka: one login a part, and the rights that do its work, none more."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class KafkaPart(StrEnum):
    """The parts that log in to Kafka."""

    ADMIN = "admin"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    REPLAY = "replay"


class Right(NamedTuple):
    """An operation on one topic or one consumer group, named as Kafka's ACLs name it."""

    part: KafkaPart
    operation: str
    resource: str
    name: str


class StreamTopics(NamedTuple):
    """The topics of the stream by what they are for, whatever they are called."""

    transactions: str
    labels: str
    flagged: str
    dead_letter: str
    replay: str

    @property
    def live(self) -> tuple[str, ...]:
        """Those that the live platform reads or writes: all but the one for replays."""
        return tuple(name for part, name in self._asdict().items() if part != "replay")


GROUP = "fraud-consumer"
"""The group under which the consumer leaves its offsets for lag monitors."""


def rights(topics: StreamTopics) -> Iterator[Right]:
    """Every right there is; a part without one here is refused.

    Describe comes with reading and writing: a client asks for a topic's partitions first. The
    admin is the broker's super user and needs no rights of its own.
    """
    sources, sinks = (topics.transactions, topics.labels), (topics.flagged, topics.dead_letter)
    yield from _on(KafkaPart.PRODUCER, ("WRITE", "DESCRIBE"), sources)
    yield from _on(KafkaPart.CONSUMER, ("READ", "DESCRIBE"), sources)
    yield from _on(KafkaPart.CONSUMER, ("WRITE", "DESCRIBE"), sinks)
    yield Right(KafkaPart.CONSUMER, "READ", "GROUP", GROUP)
    yield from _on(KafkaPart.REPLAY, ("READ", "DESCRIBE"), sources)
    yield from _on(KafkaPart.REPLAY, ("WRITE", "DESCRIBE"), (topics.replay,))


def _on(part: KafkaPart, operations: tuple[str, ...], topics: tuple[str, ...]) -> Iterator[Right]:
    for topic in topics:
        for operation in operations:
            yield Right(part, operation, "TOPIC", topic)
