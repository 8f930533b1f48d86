"""Reading from the stored offsets on, for as long as the log is the one that they belong to."""

import time
from collections.abc import Callable, Iterable, Mapping

import structlog
from confluent_kafka import KafkaException
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_stream.consumer import last_landed, ledger, quarantine
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.batch import Batch, Partition, Positions
from fraud_stream.consumer.careful import CarefulSource
from fraud_stream.consumer.log import Log, TopicMissingError, stream_log
from fraud_stream.consumer.quarantine import Suspect
from fraud_stream.consumer.source import Source, check_log, topic_gone
from fraud_stream.consumer.waiting import Database, first_line, patiently, worth_waiting_for

IDLE_SECONDS = 0.5
"""How long a fetch waits for a first message; also how late a request to stop is noticed."""

LOOK_EVERY_SECONDS = 5.0
QUICK_SECONDS = 1.0
"""How long a look in between may take; a broker that is down must not delay landing."""


class Reading:
    """The source at the stored offsets. `keep` is called while waiting, to keep the lease.

    Waits for the topic of orders if it is not there yet; labels are read as soon as theirs is.
    Raises StreamError when the log is not, or no longer, the one that the stored offsets belong
    to.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keep: Callable[[], None],
        *,
        after_starts_in_vain: int = 0,
        endless: bool = False,
    ) -> None:
        self._settings = settings
        self._in_vain = after_starts_in_vain
        self._database = database
        self._keep = keep
        self._awaited = settings.kafka_topic_transactions if endless else None
        self._kafka = stream_log(settings)
        self._looked = time.monotonic()
        self._source = self._open()

    @property
    def positions(self) -> Positions:
        """The next offset of each partition: everything below has landed."""
        return self._source.positions

    @property
    def is_careful(self) -> bool:
        """Whether each batch must have landed before the next one is fetched."""
        return isinstance(self._source, CarefulSource)

    @property
    def is_to_look(self) -> bool:
        """Whether it is time for `look`."""
        return time.monotonic() - self._looked > LOOK_EVERY_SECONDS

    def fetch(self, *, at_once: bool = False) -> Batch:
        """The next batch, as large as the settings say; empty when nothing came for a while.

        With `at_once` there is no waiting for a first message: something else is to be done.
        """
        if isinstance(self._source, CarefulSource):
            if not self._source.is_done:
                return self._source.fetch()
            self.reopen()
            return Batch([], {}, {})
        return self._source.fetch(
            rows=self._settings.consumer_batch_rows,
            linger_ms=self._settings.consumer_linger_ms,
            idle_seconds=0 if at_once else IDLE_SECONDS,
        )

    def advance(self, batch: Batch) -> None:
        """The batch has landed."""
        self._source.advance(batch)

    def look(self) -> bool:
        """Now and then: the same topics still? Returns whether there are partitions to add."""
        self._looked = time.monotonic()
        try:
            log = self._kafka.look(QUICK_SECONDS)
        except TopicMissingError as error:
            raise topic_gone(self._settings.kafka_topic_transactions, self.positions) from error
        except KafkaException as error:
            structlog.get_logger().warning("cannot look at the topics", error=first_line(error))
            return False
        check_log(log, self.positions, self._topic_ids)
        return bool(log.end.keys() - self.positions.keys())

    def reopen(self) -> None:
        """Read from what has landed on, with nothing in hand; all partitions that there are."""
        self._source.close()
        self._source = self._open()

    def close(self) -> None:
        """Leave the broker."""
        self._source.close()

    def _open(self) -> Source | CarefulSource:
        def worth(error: Exception) -> bool:
            return isinstance(error, TopicMissingError) or worth_waiting_for(error)

        def look() -> Log:
            self._keep()
            try:
                return self._kafka.look(self._settings.consumer_lease_seconds / 3)
            except TopicMissingError as error:
                topic = self._settings.kafka_topic_transactions
                if stored := self._stored([topic]):
                    raise topic_gone(topic, stored) from error
                raise

        log = patiently(look, stopped=self._database.stopped, worth=worth)
        self._topic_ids = log.topic_ids
        positions, login = self._positions(log), self._settings.kafka_client(KafkaPart.CONSUMER)
        if suspects := self._suspects(positions, log):
            return CarefulSource(login, self._database, positions, suspects)
        self._check_last(login, positions, log)
        return Source(login, positions, awaited=self._awaited)

    def _check_last(self, login: Mapping[str, str], positions: Positions, log: Log) -> None:
        """Not before reading carefully, which may not read anything without a note."""
        landed_ms = self._database.run(lambda cursor: last_landed.times_of_last(cursor, positions))
        patiently(
            lambda: last_landed.check_last(login, positions, log.first, landed_ms, self._keep),
            stopped=self._database.stopped,
        )

    def _suspects(self, positions: Positions, log: Log) -> Mapping[Partition, Suspect]:
        """What must be read carefully: found so by this start, or by one before it."""

        def look(cursor: Cursor) -> Mapping[Partition, Suspect]:
            if self._in_vain and leases.starts_in_vain(cursor) > 0:
                quarantine.suspect(cursor, positions, log.end)
            return quarantine.suspects(cursor, positions)

        found = self._database.run(look)
        self._in_vain = 0
        return found

    def _positions(self, log: Log) -> Positions:
        """The stored offsets, checked; partitions that are new are stored first.

        A topic that was never read is read from what the broker still has. A partition that was
        added to one is read from its beginning: what is gone of it is missed, and said.
        Those of labels count also when their topic is not there: it was, when they were stored.
        """
        settings, run = self._settings, self._database.run
        stored = self._stored([settings.kafka_topic_transactions, settings.kafka_topic_labels])
        check_log(log, stored, run(lambda cursor: ledger.stored_topic_ids(cursor, log.topic_ids)))
        topics = {topic for topic, _ in stored}
        new = {
            place: 0 if place[0] in topics else first
            for place, first in log.first.items()
            if place not in stored
        }
        if new:
            run(lambda cursor: ledger.start_partitions(cursor, log.topic_ids, new))
            check_log(log, new, {})
        return {**stored, **new}

    def _stored(self, topics: Iterable[str]) -> Positions:
        return self._database.run(lambda cursor: ledger.stored_positions(cursor, topics))
