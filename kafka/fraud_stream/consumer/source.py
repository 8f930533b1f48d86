"""Reads the topic from offsets that Postgres holds: no consumer group decides, nothing is skipped.

All partitions are assigned by hand. Where the log is not what the stored offsets say, reading
stops with a StreamError; it never starts somewhere else in silence.
"""

import time
from collections.abc import Mapping
from math import inf

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from fraud_core.errors import StreamError
from fraud_core.kafka_access import GROUP
from fraud_stream.consumer.batch import Batch, Partition, Positions
from fraud_stream.consumer.forms import Alignment
from fraud_stream.consumer.ledger import readable
from fraud_stream.consumer.log import GONE, Log, TopicMissingError

FETCH_ROWS = 500
"""Messages a call: with fewer the call itself costs most, with many more the cache suffers."""

BATCH_BYTES = 32 * 1024 * 1024
"""A batch of large messages ends here, give or take one call's worth of their mean size."""

ALIGN_SECONDS = 0.1
"""How long partitions that are ahead wait for one that does not deliver."""

BURST_ROWS = 200
BURST_ALIGN_SECONDS = 1.0
"""So many records at once are no live orders: days of a stream that is sent again go by in seconds.
Partitions that have nothing yet are waited for as well then, so long and once for each silence."""

MOST_HELD = 8
"""Batches' worth of records that are held back at most."""

FAR_AWAY = 1 << 62

TELL_SECONDS = 1.0
"""How old the offsets in Kafka may be that lag monitors look at; each costs the broker a write."""

OUT_OF_RANGE = (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET)


WAY_OUT = (
    "Send new messages to a topic of another name (KAFKA_TOPIC_TRANSACTIONS, KAFKA_TOPIC_LABELS), "
    "whose offsets are its own; or, if nothing that has landed is needed, start with an empty "
    "database"
)
"""Of whoever has landed what a topic held that is there no longer."""


def check_log(log: Log, stored: Positions, stored_topic_ids: Mapping[str, str]) -> None:
    """Raises StreamError when the stored offsets are not about this log."""
    for topic, topic_id in log.topic_ids.items():
        if stored_topic_ids.get(topic, topic_id) != topic_id:
            raise StreamError(
                f"topic {topic!r} was deleted and made again: what has landed, "
                f"{_up_to(topic, stored)}, came from the topic with id {stored_topic_ids[topic]}, "
                f"the broker now has {topic_id}. Nothing of it was read. {WAY_OUT}"
            )
    for partition, offset in sorted(stored.items()):
        if partition not in log.end:
            topic, number = partition
            raise StreamError(
                f"topic {topic!r}, partition {number}: reading is to go on at {offset}, but the "
                "broker has no such partition any more, so the topic was deleted, or made again "
                f"with fewer. {WAY_OUT}"
            )
        first, end = log.first[partition], log.end[partition]
        if not first <= offset <= end:
            fault = end_was_lost if offset > end else _out_of_range
            raise fault(partition, offset, f"the broker has {first} to {end}")


def topic_gone(topic: str, stored: Positions) -> TopicMissingError:
    """Of a topic that was read; one that is made anew under its name would be refused."""
    return TopicMissingError(
        f"topic {topic!r} was deleted: what has landed, {_up_to(topic, stored)}, came from it, and "
        f"one that is made again under its name is not read. {WAY_OUT}"
    )


def _up_to(topic: str, stored: Positions) -> str:
    """How far it was read, by partition."""
    return "up to " + readable({place: at for place, at in stored.items() if place[0] == topic})


def _out_of_range(partition: Partition, offset: int | None, found: str) -> StreamError:
    topic, number = partition
    return StreamError(
        f"topic {topic!r}, partition {number}: reading is to go on at {offset}, but {found}. "
        "Messages expired before they were read, or the log was cut. Restore the log; or, to go on "
        "without what is missing, set next_offset in raw.stream_offsets to an offset that is there"
    )


def end_was_lost(partition: Partition, offset: int, found: str) -> StreamError:
    """Of a log that does not hold any more what has landed of it.

    Its offsets are taken by what has landed, so no other `next_offset` would do.
    """
    topic, number = partition
    return StreamError(
        f"topic {topic!r}, partition {number}: reading is to go on at {offset}, but {found}. The "
        "log lost its end, as by a power cut, or is another one; what it was given since was not "
        f"read. Restore the log; or: {WAY_OUT[0].lower()}{WAY_OUT[1:]}"
    )


def client(login: Mapping[str, str], fetching: Mapping[str, int]) -> Consumer:
    """A consumer that decides nothing by itself: no offset, no group, no skipping."""
    return Consumer(
        {
            **login,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "log_level": 0,  # errors come with the messages
            **fetching,
        }
    )


def require_readable(message: Message, error: KafkaError, offset: int | None) -> None:
    """Raises StreamError for errors that end the reading; the client goes on after the others."""
    code = error.code()
    if code in OUT_OF_RANGE:
        raise _out_of_range(partition_of(message), offset, error.str())
    if code in GONE or error.fatal():
        topic, number = partition_of(message)
        raise StreamError(
            f"topic {topic!r}, partition {number}: reading is to go on at {offset}, but it cannot "
            f"be read any more: {error.str()}. If the topic was deleted: {WAY_OUT}"
        )
    structlog.get_logger().warning("the broker does not answer as it should", error=error.str())


def partition_of(message: Message) -> Partition:
    """Also of a message that is an error."""
    return message.topic() or "", message.partition() or 0


def offset_of(message: Message) -> int:
    """Also of a message that is an error."""
    return message.offset() or 0


class Source:
    """The one reader of the topic, standing at known positions.

    `awaited` is a topic of which more may come at any time, on partitions that have no more now.
    """

    def __init__(
        self, login: Mapping[str, str], positions: Positions, *, awaited: str | None = None
    ) -> None:
        self._awaited = awaited
        self._silent: set[Partition] = set()
        self.positions: Mapping[Partition, int] = dict(positions)
        self._handed_out = dict(positions)
        self._next = dict(positions)
        self._ended: set[Partition] = set()
        self._alignment = Alignment()
        self._untold: dict[Partition, int] = {}
        self._told = -inf
        self._log = structlog.get_logger()
        self._consumer = client(
            login,
            {
                "fetch.wait.max.ms": 50,
                "socket.timeout.ms": 10_000,  # 60 s, its default, is long for a broker gone silent
                "queued.max.messages.kbytes": 65_536,
                "fetch.queue.backoff.ms": 10,  # its default, 1 s, starves a bounded queue
            },
        )
        self._consumer.assign(
            [TopicPartition(*partition, offset) for partition, offset in positions.items()]
        )

    def fetch(self, *, rows: int, linger_ms: int, idle_seconds: float) -> Batch:
        """Records in order of time, about `rows` or 32 MiB: those there are, and soon will be.

        Waits at most `idle_seconds` for the first one; a batch without any has nothing to land
        unless its positions moved. Raises StreamError when the log was cut or replaced.
        """
        self._tell()
        waiting_since = time.monotonic()
        if self._alignment:
            idle_seconds = 0
        while True:
            full = self._alignment.size > BATCH_BYTES or len(self._alignment) > MOST_HELD * rows
            if not full:
                self._take(self._consume(rows, linger_ms, idle_seconds))
            behind = () if full else self._behind(for_seconds=time.monotonic() - waiting_since)
            records = self._alignment.ready(behind, rows=rows, size=BATCH_BYTES)
            if records or not self._alignment:
                return self._batch(records)
            idle_seconds = ALIGN_SECONDS / 10

    def _consume(self, rows: int, linger_ms: int, idle_seconds: float) -> list[Message]:
        messages = self._consumer.consume(1, idle_seconds)
        size = sum(map(len, messages))
        while messages and len(messages) < rows and size < BATCH_BYTES:
            room = (BATCH_BYTES - size) * len(messages) // (size or 1) + 1
            asked = min(FETCH_ROWS, rows - len(messages), room)
            more = self._consumer.consume(asked, linger_ms / 1000)
            messages += more
            size += sum(map(len, more))
            if len(more) < asked:
                break
        return messages

    def _take(self, messages: list[Message]) -> None:
        """Records, and between them messages that are none."""
        begin = 0
        for place in [n for n, message in enumerate(messages) if message.error() is not None]:
            self._arrived(messages[begin:place])
            self._heard(messages[place])
            begin = place + 1
        self._arrived(messages[begin:])

    def _arrived(self, records: list[Message]) -> None:
        end = self._alignment.add(records)
        self._next |= end
        self._ended -= end.keys()
        self._silent -= end.keys()

    def _heard(self, message: Message) -> None:
        """That a partition has no more for now, or that something is wrong with it."""
        error, partition = message.error(), partition_of(message)
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            self._next[partition] = offset_of(message)
            self._ended.add(partition)
        elif error is not None:
            require_readable(message, error, self.positions.get(partition))

    def _behind(self, for_seconds: float) -> list[Partition]:
        """Partitions to wait for, after so many seconds in which others did.

        Those of which the broker has more than we have read, by what it last said; in a burst also
        those that may get more. One that stays silent is not waited for again.
        """
        is_burst = len(self._alignment) >= BURST_ROWS
        found = [
            partition
            for partition, offset in self._next.items()
            if partition not in self._silent
            and (
                (is_burst and partition[0] == self._awaited)
                or (partition not in self._ended and self._known_end(partition) > offset)
            )
        ]
        if for_seconds <= (BURST_ALIGN_SECONDS if is_burst else ALIGN_SECONDS):
            return found
        if is_burst:
            self._silent.update(found)
        return []

    def _known_end(self, partition: Partition) -> int:
        """Without asking the broker; an end that is not known yet counts as far away."""
        found = self._consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
        return found[1] if found and found[1] >= 0 else FAR_AWAY

    def advance(self, batch: Batch) -> None:
        """The batch has landed."""
        self.positions = {**self.positions, **batch.end}
        self._untold |= batch.end
        self._tell()

    def close(self) -> None:
        """Leave the broker; takes some milliseconds."""
        self._told = -inf
        self._tell()
        self._consumer.close()

    def _tell(self) -> None:
        """Lag monitors, of what has landed: now and then, and without waiting for an answer."""
        if not self._untold or time.monotonic() - self._told < TELL_SECONDS:
            return
        offsets = [TopicPartition(*p, offset) for p, offset in self._untold.items()]
        self._untold, self._told = {}, time.monotonic()
        try:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            self._log.debug("offsets not shown to lag monitors", error=str(error))

    def _batch(self, records: list[Message]) -> Batch:
        """What was read and is not held back."""
        end = {**self._next, **self._alignment.first_held()}
        moved = {p: offset for p, offset in end.items() if offset > self._handed_out[p]}
        start = {p: self._handed_out[p] for p in moved}
        self._handed_out |= moved
        return Batch(records, start, moved)
