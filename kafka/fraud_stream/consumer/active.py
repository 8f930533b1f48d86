"""The one active scorer: fetch, decode, score, land, batch after batch.

While one batch is written the next one is fetched and scored. So the scoring state is that of the
committed rows and of the one batch on its way: when that does not land as it is, the state is
rebuilt from the ledger, here or by whoever holds the lease next.
"""

import time
from collections.abc import Mapping, Sequence

import structlog
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import ledger
from fraud_stream.consumer.batch import Batch, Counts, Positions, Record, coordinates
from fraud_stream.consumer.breaker import Breaker, stored_state
from fraud_stream.consumer.copy_binary import framed
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.noted_rules import NotedRules
from fraud_stream.consumer.partitions import Room
from fraud_stream.consumer.reading import Reading
from fraud_stream.consumer.recovery import ScorerKind
from fraud_stream.consumer.refusal import refused
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.rows import by_order
from fraud_stream.consumer.saving import Saving
from fraud_stream.consumer.scored import BatchScorer, Scored
from fraud_stream.consumer.snapshots import CALM, HURRIED
from fraud_stream.consumer.state import State, restored
from fraud_stream.consumer.telemetry import Telemetry
from fraud_stream.consumer.triage import NONE_KNOWN, KnownBad
from fraud_stream.consumer.waiting import Database, RefusedRowError
from fraud_stream.consumer.writer import Writer


class ActiveScorer:
    """Made when the lease is taken; every method raises LeaseLostError when it is gone.

    `state` is what was known before the lease was taken; what landed since is taken in first.
    `endless` says that more orders may come on any partition, at any time.
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
        endless: bool = False,
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
        if self._state.is_outdated(database):
            self._restore()
        self._state.settle(database)
        self._room = Room(database)
        self._rules = NotedRules(database)
        self._breaker = Breaker(database)
        self._batches = BatchScorer(settings, database)
        self._on_its_way: Scored | None = None
        self._reading = Reading(
            settings,
            database,
            self._keep,
            after_starts_in_vain=lease.starts_in_vain,
            endless=endless,
        )
        # Last, because whoever fails above is not there to be closed.
        self._saving = Saving(settings, lease, database.application)
        self._writer = Writer(Database(settings, database.application, database.stopped))
        self._tell()

    @property
    def positions(self) -> Positions:
        """The next offset of each partition: everything below has landed."""
        return self._reading.positions

    def step(self) -> Counts:
        """Take on one batch; returns what has landed meanwhile, which is the one before it."""
        if self._breaker.state.tripped:
            return self._wait_for_an_operator()
        counts = Counts()
        if self._reading.is_to_look and self._reading.look():
            counts = self.finish()
            self._reading.reopen()
        return counts + self._next()

    def finish(self) -> Counts:
        """Wait until what was begun has landed."""
        scored = self._on_its_way
        if scored is None:
            return Counts()
        try:
            commit = self._writer.finish()
        except RefusedRowError:
            bad = self._refused(scored)
            if not bad:
                raise
            self._log.error("Postgres refuses orders that were decoded", orders=len(bad))
            self._rebuild()
            self._begin(self._score(scored.batch, {**scored.known_bad, **bad}))
            return self.finish()
        self._on_its_way = None
        self._renewed = time.monotonic()
        self._reading.advance(scored.batch)
        self._telemetry.landed(
            scored.batch,
            scored.sorted_out,
            scored.outcomes,
            commit.seconds,
            committed_at=commit.at,
        )
        self._tell()
        return scored.landing.counts

    def close(self) -> None:
        """Stop reading and writing; the lease is its owner's to release."""
        self._writer.close()
        self._saving.close()
        self._reading.close()

    def _next(self) -> Counts:
        batch = self._reading.fetch(at_once=self._on_its_way is not None)
        self._keep()
        self._kind.refresh(self._state.scorer.scorer)
        self._rules.note(self._kind.book)
        self._telemetry.rules(self._kind.book, refused=self._kind.refused)
        if not batch.end:
            counts = self.finish()
            self._take_snapshot(CALM)  # what landed last, before a silence, is to be in one as well
            return counts
        self._room.make(self._state.ingest_id)
        state = self._state
        scored = self._score(batch, NONE_KNOWN)
        counts = self.finish()
        if self._state is not state:  # it was rebuilt, without this batch
            scored = self._score(batch, NONE_KNOWN)
        self._begin(scored)
        if self._reading.is_careful or self._saving.due(self._state):
            counts += self.finish()
            is_behind = len(batch.records) >= self._settings.consumer_batch_rows
            self._take_snapshot(HURRIED if is_behind else CALM)
        return counts

    def _score(self, batch: Batch, known_bad: KnownBad) -> Scored:
        scored = self._batches.score(
            batch,
            self._state,
            self._breaker.state,
            known_bad=known_bad,
            pending=self._on_its_way,
        )
        self._breaker.state = scored.breaker
        return scored

    def _begin(self, scored: Scored) -> None:
        seconds = self._settings.consumer_lease_seconds
        self._on_its_way = scored
        self._writer.start(lambda cursor: ledger.land(cursor, scored.landing, self._lease, seconds))

    def _rebuild(self) -> None:
        """Forget what was scored and has not landed."""
        self._on_its_way = None
        self._restore()
        self._state.settle(self._database)
        self._breaker.state = self._database.run(stored_state)

    def _restore(self) -> None:
        self._state.release()
        self._state = restored(self._database, self._kind, self._keep)

    def _refused(self, scored: Scored) -> KnownBad:
        def write(cursor: Cursor, some: Sequence[tuple[Record, Mapping[str, bytes]]]) -> None:
            tables = {name: [own[name] for _, own in some] for name in some[0][1]}
            ledger.copy(cursor, {name: framed(rows) for name, rows in tables.items()})

        orders = list(zip(scored.orders.values(), by_order(scored.landing.rows), strict=True))
        found = self._database.run(lambda cursor: refused(cursor, orders, write))
        return {
            coordinates(record): Rejection("unlandable", f"Postgres refuses it: {state}")
            for (record, _), state in found
        }

    def _wait_for_an_operator(self) -> Counts:
        counts = self.finish()
        self._breaker.wait()
        self._keep()
        return counts

    def _take_snapshot(self, rest: float) -> None:
        """Of the committed state: nothing may be on its way."""
        if self._saving.due(self._state):
            self._saving.take(self._state, rest=rest)

    def _keep(self) -> None:
        """Renew the lease before a third of it is over; a landing does so as well."""
        seconds = self._settings.consumer_lease_seconds
        if time.monotonic() - self._renewed > seconds / 3:
            self._database.run(lambda cursor: leases.renew(cursor, self._lease, seconds))
            self._renewed = time.monotonic()

    def _tell(self) -> None:
        self._telemetry.scoring(self.positions, self._state.scorer.scorer.entities_held())
