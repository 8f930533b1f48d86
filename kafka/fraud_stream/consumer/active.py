"""The one active scorer: fetch, decode, score, land, batch after batch.

Its scoring state is always that of the committed rows: a batch that was scored is either landed,
or this whole object is thrown away and the next one rebuilds the state from the ledger.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog
from confluent_kafka import KafkaException

from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import ledger, rows
from fraud_stream.consumer.batch import Batch, Counts, Landing, Positions
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.recovery import ScorerKind, landed_since
from fraud_stream.consumer.source import KafkaLog, Source, TopicMissingError, check_log
from fraud_stream.consumer.triage import Triage, triage
from fraud_stream.consumer.waiting import (
    Database,
    WaitingEndedError,
    first_line,
    patiently,
    worth_waiting_for,
)
from fraud_stream.scoring.decision import Decision, Scorer

LOOK_EVERY_SECONDS = 5.0
QUICK_SECONDS = 1.0
"""A broker that is down must not keep us from renewing the lease."""

IDLE_SECONDS = 0.5
"""How long a fetch waits for a first message; also how late a request to stop is noticed."""


class ActiveScorer:
    """Made when the lease is taken; every method raises LeaseLostError when it is gone."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        lease: Lease,
        kind: ScorerKind,
    ) -> None:
        self._settings = settings
        self._database = database
        self._lease = lease
        self._topic = settings.kafka_topic_transactions
        self._last_ingest_id = lease.last_ingest_id
        self._scorer: Scorer = kind.make()
        self._topic_id = ""
        self._renewed = time.monotonic()
        self._log = structlog.get_logger().bind(epoch=lease.epoch)
        self._kafka = KafkaLog(settings.bootstrap_servers(), self._topic)
        positions = self._stored_positions()
        self._rebuild(kind)
        self._source = Source(settings.bootstrap_servers(), positions)
        self._looked = time.monotonic()

    @property
    def positions(self) -> Positions:
        """The next offset of each partition: everything below has landed."""
        return self._source.positions

    def step(self) -> Counts:
        """Land one batch; when there is none, keep the lease and look whether the log is intact."""
        batch = self._source.fetch(
            rows=self._settings.consumer_batch_rows,
            linger_ms=self._settings.consumer_linger_ms,
            idle_seconds=IDLE_SECONDS,
        )
        self._keep()
        self._look_again()
        if not batch.end:
            return Counts()
        landing = self._score(batch)
        self._database.run(
            lambda cursor: ledger.land(
                cursor, landing, self._lease, self._settings.consumer_lease_seconds
            )
        )
        self._last_ingest_id = landing.last_ingest_id
        self._source.advance(batch)
        return landing.counts

    def close(self) -> None:
        """Stop reading; the lease is its owner's to release."""
        self._source.close()

    def _stored_positions(self) -> Positions:
        """Where to go on, with partitions that are new stored first."""

        def worth(error: Exception) -> bool:
            return isinstance(error, TopicMissingError) or worth_waiting_for(error)

        def look() -> Positions:
            self._keep()
            return self._checked_positions()

        return patiently(look, stopped=self._database.stopped, worth=worth)

    def _checked_positions(self) -> Positions:
        log = self._kafka.look()
        self._topic_id = log.topic_id
        run = self._database.run
        stored = run(lambda cursor: ledger.stored_positions(cursor, self._topic))
        topic_id = run(lambda cursor: ledger.stored_topic_id(cursor, self._topic))
        check_log(self._topic, log, stored, topic_id)
        new = {p: offset for p, offset in log.first.items() if p not in stored}
        if new:
            run(lambda cursor: ledger.start_partitions(cursor, log.topic_id, new))
        return {**stored, **new}

    def _look_again(self) -> None:
        """Now and then: is it still the same topic, and does it have more partitions?"""
        if time.monotonic() - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            log = self._kafka.look(QUICK_SECONDS)
        except KafkaException as error:
            self._log.warning("cannot look at the topic", error=first_line(error))
            return
        check_log(self._topic, log, self.positions, self._topic_id)
        if log.end.keys() - self.positions.keys():
            self._source.close()
            self._source = Source(self._settings.bootstrap_servers(), self._stored_positions())

    def _rebuild(self, kind: ScorerKind) -> None:
        """Take the landed orders into the scorer's state, in the order of their ingest_id."""
        after, count = 0, 0
        while page := self._database.run(
            lambda cursor, after=after: landed_since(cursor, after, kind.horizon)
        ):
            for event in page.events:
                self._scorer.absorb(event)
            after, count = page.last_ingest_id, count + len(page.events)
            self._keep()
            if self._database.stopped():
                raise WaitingEndedError
        self._log.info("scorer state rebuilt", orders=count, last_ingest_id=after)

    def _keep(self) -> None:
        """Renew the lease before a third of it is over; a landing does so as well."""
        seconds = self._settings.consumer_lease_seconds
        if time.monotonic() - self._renewed > seconds / 3:
            self._database.run(lambda cursor: leases.renew(cursor, self._lease, seconds))
            self._renewed = time.monotonic()

    def _score(self, batch: Batch) -> Landing:
        """Decide on each order of the batch and write all of it down as rows."""
        sorted_out = triage(
            batch.records, max_bytes=self._settings.max_message_bytes, landed=self._landed
        )
        decided = [
            (event.transaction_id, self._scorer.score(event)) for _, event in sorted_out.orders
        ]
        return self._landing(batch, sorted_out, decided)

    def _landed(self, transaction_ids: Sequence[str]) -> Mapping[str, bytes]:
        return self._database.run(lambda cursor: ledger.landed_messages(cursor, transaction_ids))

    def _landing(
        self, batch: Batch, sorted_out: Triage, decided: list[tuple[str, Decision]]
    ) -> Landing:
        now = datetime.now(UTC).isoformat()
        first = self._last_ingest_id + 1
        times = [event.event_time for _, event in sorted_out.orders]
        kept = self._settings.max_message_bytes
        return Landing(
            start=batch.start,
            end=batch.end,
            rows={
                "raw.transactions_stream": rows.order_rows(sorted_out.orders, first, now),
                "raw.transaction_decisions": rows.decision_rows(
                    decided, first, self._scorer.rule_set_version, now
                ),
                "raw.duplicate_transactions": rows.duplicate_rows(sorted_out.duplicates, now),
                "raw.dead_letters": rows.dead_letter_rows(sorted_out.dead, kept, now),
            },
            last_ingest_id=self._last_ingest_id + len(decided),
            newest_event_time=max(times).isoformat() if times else None,
            counts=Counts(
                landed=len(decided),
                flagged=sum(decision.outcome != "approve" for _, decision in decided),
                duplicates=len(sorted_out.duplicates),
                dead=len(sorted_out.dead),
            ),
        )
