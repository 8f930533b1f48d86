"""The one active scorer: fetch, decode, score, land, batch after batch.

Its scoring state is always that of the committed rows: a batch that was scored is either landed,
or the state is rebuilt from the ledger, here or by whoever holds the lease next.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.events import OrderEvent
from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import ledger, recovery, rows
from fraud_stream.consumer.batch import Batch, Counts, Landing, Positions, Record, coordinates
from fraud_stream.consumer.breaker import Breaker
from fraud_stream.consumer.learning import is_learned
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.partitions import Room
from fraud_stream.consumer.quarantine import ATTEMPTS
from fraud_stream.consumer.reading import Reading
from fraud_stream.consumer.recovery import ScorerKind
from fraud_stream.consumer.refusal import refused
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.snapshots import Snapshots
from fraud_stream.consumer.state import State, restored
from fraud_stream.consumer.telemetry import Telemetry
from fraud_stream.consumer.triage import NONE_KNOWN, KnownBad, Triage, triage
from fraud_stream.consumer.waiting import Database, RefusedRowError
from fraud_stream.scoring.decision import Decision

Decided = tuple[Record, OrderEvent, Decision]


class ActiveScorer:
    """Made when the lease is taken; every method raises LeaseLostError when it is gone.

    `state` is what was known before the lease was taken; what landed since is taken in first.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        lease: Lease,
        kind: ScorerKind,
        *,
        telemetry: Telemetry,
        state: State | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._lease = lease
        self._kind = kind
        self._telemetry = telemetry
        self._renewed = time.monotonic()
        self._log = structlog.get_logger().bind(epoch=lease.epoch)
        self._state = state or restored(database, kind, self._keep)
        self._state.follow(database, self._keep)
        self._room = Room(database)
        self._breaker = Breaker(database, settings.consumer_breaker_messages)
        self._snapshots = Snapshots(settings, lease, database.application)
        self._reading = Reading(
            settings, database, self._keep, after_starts_in_vain=lease.starts_in_vain
        )
        self._tell()

    @property
    def positions(self) -> Positions:
        """The next offset of each partition: everything below has landed."""
        return self._reading.positions

    def step(self) -> Counts:
        """Land one batch; when nothing came for a while, only keep the lease."""
        if self._breaker.holds():
            self._keep()
            return Counts()
        batch = self._reading.fetch()
        self._keep()
        if not batch.end:
            return Counts()
        self._room.make(self._state.ingest_id)
        self._kind.refresh(self._state.scorer.scorer)
        landing = self._land(batch, NONE_KNOWN)
        self._state.ingest_id = landing.last_ingest_id
        self._breaker.state = landing.breaker or self._breaker.state
        self._renewed = time.monotonic()
        self._reading.advance(batch)
        self._tell()
        if self._snapshots.due(self._state.ingest_id):
            self._snapshots.take(self._state.ingest_id, self._state.scorer.freeze())
        return landing.counts

    def close(self) -> None:
        """Stop reading; the lease is its owner's to release."""
        self._snapshots.close()
        self._reading.close()

    def _land(self, batch: Batch, known_bad: KnownBad) -> Landing:
        """Score and write the batch; what Postgres refuses to hold becomes a dead letter."""
        sorted_out = self._triage(batch, known_bad)
        decided = [
            (record, event, self._state.scorer.decide(event)) for record, event in sorted_out.orders
        ]
        self._learn(sorted_out)
        landing = self._landing(batch, sorted_out, decided)
        seconds, began = self._settings.consumer_lease_seconds, time.monotonic()
        try:
            self._database.run(lambda cursor: ledger.land(cursor, landing, self._lease, seconds))
        except RefusedRowError:
            bad = self._refused(decided)
            if not bad:
                raise
            self._log.error("Postgres refuses orders that were decoded", orders=len(bad))
            self._state = restored(self._database, self._kind, self._keep)
            return self._land(batch, {**known_bad, **bad})
        outcomes = [decision.outcome for _, _, decision in decided]
        self._telemetry.landed(batch, sorted_out, outcomes, time.monotonic() - began)
        return landing

    def _tell(self) -> None:
        self._telemetry.scoring(self.positions, self._state.scorer.scorer.entities_held())

    def _triage(self, batch: Batch, known_bad: KnownBad) -> Triage:
        def landed(transaction_ids: Sequence[str]) -> Mapping[str, bytes | None]:
            found = self._database.run(
                lambda cursor: recovery.landed_payloads(cursor, transaction_ids)
            )
            return {
                name: None if payload is None else payload.encode()
                for name, (_, payload) in found.items()
            }

        return triage(
            batch.records,
            labels_topic=self._settings.kafka_topic_labels,
            max_bytes=self._settings.max_message_bytes,
            oldest=self._settings.oldest_event_time,
            landed=landed,
            known_bad=known_bad,
        )

    def _learn(self, sorted_out: Triage) -> None:
        """The labels of a batch, after its orders; what they are about has landed, or will."""
        labels = [label for _, label in sorted_out.labels if is_learned(label)]
        if not labels:
            return
        ids = [label.transaction_id for label in labels]
        orders = self._database.run(lambda cursor: recovery.landed_orders(cursor, ids))
        orders |= {order.transaction_id: order for _, order in sorted_out.orders}
        for label in labels:
            self._state.scorer.learn(label, orders.get(label.transaction_id))

    def _refused(self, decided: Sequence[Decided]) -> KnownBad:
        now = datetime.now(UTC).isoformat()

        def write(cursor: Cursor, some: Sequence[Decided]) -> None:
            ledger.copy(cursor, self._rows(some, now))

        found = self._database.run(lambda cursor: refused(cursor, decided, write))
        return {
            coordinates(record): Rejection("unlandable", f"Postgres refuses it: {state}")
            for (record, _, _), state in found
        }

    def _keep(self) -> None:
        """Renew the lease before a third of it is over; a landing does so as well."""
        seconds = self._settings.consumer_lease_seconds
        if time.monotonic() - self._renewed > seconds / 3:
            self._database.run(lambda cursor: leases.renew(cursor, self._lease, seconds))
            self._renewed = time.monotonic()

    def _rows(self, decided: Sequence[Decided], now: str) -> dict[str, bytes]:
        first, version = self._state.ingest_id + 1, self._state.scorer.scorer.rule_set_version
        orders = [(record, event) for record, event, _ in decided]
        decisions = [(event.transaction_id, decision) for _, event, decision in decided]
        return {
            "raw.transaction_keys": rows.key_rows(orders, first),
            "raw.transactions_stream": rows.order_rows(orders, first, now),
            "raw.transaction_decisions": rows.decision_rows(decisions, first, version, now),
            "raw.flagged_outbox": rows.outbox_rows([d for _, _, d in decided], first),
        }

    def _landing(self, batch: Batch, sorted_out: Triage, decided: Sequence[Decided]) -> Landing:
        now = datetime.now(UTC).isoformat()
        kept, last = self._settings.max_message_bytes, self._state.ingest_id + len(decided)
        newest = max((event.event_time for _, event, _ in decided), default=None)
        dead = rows.dead_letter_rows(sorted_out.dead, kept, now)
        breaker = self._breaker.after(sorted_out)
        return Landing(
            start=batch.start,
            end=batch.end,
            rows={
                **self._rows(decided, now),
                "raw.transaction_labels": rows.label_rows(sorted_out.labels, last + 1, now),
                "raw.duplicate_transactions": rows.duplicate_rows(sorted_out.duplicates, now),
                "raw.dead_letters": dead + rows.quarantined_rows(batch.quarantined, ATTEMPTS, now),
            },
            last_ingest_id=last + len(sorted_out.labels),
            newest_event_time=newest.isoformat() if newest else None,
            counts=Counts(
                landed=len(decided),
                flagged=sum(decision.outcome != "approve" for _, _, decision in decided),
                labels=len(sorted_out.labels),
                duplicates=len(sorted_out.duplicates),
                dead=len(sorted_out.dead) + len(batch.quarantined),
            ),
            breaker=breaker if breaker != self._breaker.state else None,
        )
