"""Reads like somebody who expects the next message to be the last: see quarantine.py.

Partitions take turns, so their orders are not merged by time here; that is the price of knowing
which message it was.
"""

from collections.abc import Mapping
from typing import cast

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from fraud_stream.consumer import quarantine
from fraud_stream.consumer.batch import Batch, Partition, Positions
from fraud_stream.consumer.log import ANSWER_SECONDS
from fraud_stream.consumer.quarantine import Suspect
from fraud_stream.consumer.source import (
    client,
    offset_of,
    partition_of,
    require_readable,
)
from fraud_stream.consumer.waiting import Database, patiently

COMES_SECONDS = 10.0
"""How long a message that the broker has may take; then the attempt does not count."""

REST_OF_BATCH_SECONDS = 0.02
MOST = 5_000

ONE_KAFKA_BATCH_AT_A_TIME = {
    "fetch.wait.max.ms": 50,
    "queued.min.messages": 1,
    "fetch.message.max.bytes": 1,
    "fetch.queue.backoff.ms": 1,  # the wait for an empty queue: all the time a small batch takes
}
"""Of a client that reads no more than it is asked for."""


class CarefulSource:
    """Reads the suspected partitions; the others wait until these are done."""

    def __init__(
        self,
        login: Mapping[str, str],
        database: Database,
        positions: Positions,
        suspects: Mapping[Partition, Suspect],
    ) -> None:
        self.positions: Positions = dict(positions)
        self._database = database
        self._waiting = list(suspects)
        self._consumer = client(login, ONE_KAFKA_BATCH_AT_A_TIME)
        structlog.get_logger().warning(
            "reading carefully, because the last scorer ended without landing anything",
            partitions=[f"{topic}/{number}" for topic, number in suspects],
        )

    @property
    def is_done(self) -> bool:
        """Whether nothing is suspected any more."""
        return not self._waiting

    def fetch(self) -> Batch:
        """The next Kafka batch, or message, of one partition, after a note about it was committed.

        Empty when there was none. Without records and with an entry in `quarantined` when the
        message at hand has had its attempts.
        """
        partition = self._waiting.pop(0)
        case = self._case(partition)
        if case is None:
            return Batch([], {}, {})
        self._waiting.append(partition)
        offset = case.offset
        if case.is_guilty and case.alone:
            return self._batch([], partition, offset, offset + 1, quarantined=True)
        self._database.run(lambda cursor: quarantine.note(cursor, partition, case))
        alone = case.alone or case.attempts > 0
        messages, end = self._consume(partition, offset, alone=alone)
        if end == offset:
            self._database.run(lambda cursor: quarantine.withdraw(cursor, partition, case))
        return self._batch(messages, partition, offset, end)

    def advance(self, batch: Batch) -> None:
        """The batch has landed."""
        self.positions = {**self.positions, **batch.end}

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _case(self, partition: Partition) -> Suspect | None:
        """What is known of the partition, None when there is nothing to be careful about any more.

        The broker is asked first: an attempt that the broker never answers must not count.
        """
        end = patiently(lambda: self._end(partition), stopped=self._database.stopped)

        def look(cursor: quarantine.Cursor) -> Suspect | None:
            case = quarantine.suspects(cursor, self.positions).get(partition)
            if case is None or case.offset >= end:
                quarantine.clear(cursor, [partition])
                return None
            return case

        return self._database.run(look)

    def _end(self, partition: Partition) -> int:
        answer = self._consumer.get_watermark_offsets(
            TopicPartition(*partition), timeout=ANSWER_SECONDS
        )
        found = cast("tuple[int, int] | None", answer)  # its type does not know of timeouts
        if found is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return found[1]

    def _consume(
        self, partition: Partition, offset: int, *, alone: bool
    ) -> tuple[list[Message], int]:
        """Messages from `offset` on, and where reading goes on; nothing is fetched after that."""
        self._consumer.assign([TopicPartition(*partition, offset)])
        messages = self._consumer.consume(1, COMES_SECONDS)
        if messages and not alone and messages[0].error() is None:
            messages += self._consumer.consume(MOST - 1, REST_OF_BATCH_SECONDS)
        self._consumer.unassign()
        end = offset
        for message in messages:
            error = message.error()
            if error is None:
                end = offset_of(message) + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                end = offset_of(message)
                self._waiting.remove(partition_of(message))
            else:
                require_readable(message, error, offset)
        return [message for message in messages if message.error() is None], end

    def _batch(
        self,
        messages: list[Message],
        partition: Partition,
        start: int,
        end: int,
        *,
        quarantined: bool = False,
    ) -> Batch:
        if start == end:
            return Batch([], {}, {})
        set_aside = ((partition, start),) if quarantined else ()
        return Batch(messages, {partition: start}, {partition: end}, set_aside)
