"""Writes down what the active scorer knows, now and then, and never in the landing's way."""

import threading
import time
from contextlib import closing
from functools import partial
from typing import NamedTuple

import psycopg2
import structlog
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import LeaseLostError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer import snapshots
from fraud_stream.consumer.learning import Frozen
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.silence import SilenceLimit
from fraud_stream.consumer.snapshots import Transaction
from fraud_stream.consumer.state import START, Saved, State
from fraud_stream.consumer.waiting import first_line, session_limits, silent_seconds


class Part(NamedTuple):
    """What a state has taken in between two moments."""

    state: State
    since: Saved
    up_to: Saved
    frozen: Frozen


class Saving:
    """Takes a snapshot now and then, at the active scorer's call, and writes it in a thread."""

    def __init__(self, settings: Settings, lease: Lease, application: str) -> None:
        self._settings = settings
        self._lease = lease
        self._application = application
        self._taken_ingest_id = lease.last_ingest_id
        self._taken = time.monotonic()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._log = structlog.get_logger().bind(epoch=lease.epoch)

    @property
    def is_writing(self) -> bool:
        """Whether the last one is not finished yet."""
        return self._thread is not None and self._thread.is_alive()

    def due(self, state: State) -> bool:
        """Whether enough has landed, or enough time has passed, since the last one was begun.

        By time also what landed before this scorer began, and what one that failed did not write.
        """
        if self.is_writing:
            return False
        waited, landed = time.monotonic() - self._taken, state.ingest_id - self._taken_ingest_id
        if landed >= self._settings.consumer_snapshot_orders:
            return True
        is_written = state.ingest_id <= state.written
        return not is_written and waited >= self._settings.consumer_snapshot_seconds

    def take(self, state: State, *, rest: float) -> None:
        """Write what `state` has taken in since what is saved; all of it must be committed."""
        self._taken, self._taken_ingest_id = time.monotonic(), state.ingest_id
        part = Part(
            state,
            state.saved,
            Saved(state.ingest_id, state.scorer.taken()),
            state.scorer.freeze(state.saved.taken),
        )
        self._thread = threading.Thread(
            target=self._save, args=(part, rest), name="snapshot", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Leave off writing; what is unfinished is never used.

        Waits for the transaction in hand, which is given up when Postgres does not answer it.
        """
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _save(self, part: Part, rest: float) -> None:
        try:
            with (
                closing(SilenceLimit(silent_seconds(self._settings))) as silence,
                closing(self._connect()) as connection,
            ):
                transaction = partial(silence.transaction, connection)
                if self._write(transaction, part, rest):
                    snapshots.prune(transaction, stopped=self._stopped, rest=rest)
        except (psycopg2.Error, LeaseLostError) as error:
            self._log.warning("snapshot not written or not pruned", reason=first_line(error))

    def _write(self, transaction: Transaction, part: Part, rest: float) -> bool:
        """Whether it was finished."""
        after, up_to = part.since.ingest_id, part.up_to.ingest_id
        if after not in _ends(transaction):
            part.state.saved = START
            self._taken_ingest_id -= self._settings.consumer_snapshot_orders  # at once
            self._log.warning("what was saved is no longer whole: the next snapshot is of all")
            return False
        snapshots.drop_unfinished(transaction, self._lease, stopped=self._stopped, rest=rest)
        size = snapshots.write(
            transaction, after, up_to, part.frozen, self._lease, stopped=self._stopped, rest=rest
        )
        if not size:
            return False
        part.state.written = up_to
        if snapshots.is_full(after, up_to):
            part.state.saved = part.up_to
        seconds = time.monotonic() - self._taken
        self._log.info(
            "snapshot written", after=after, ingest_id=up_to, bytes=size, seconds=seconds
        )
        return True

    def _connect(self) -> Connection:
        """Losing the last snapshot costs nothing but time, so its commits do not wait for disks."""
        return connect(
            self._settings,
            Role.CONSUMER,
            application=self._application,
            options=f"{session_limits(self._settings)} -c synchronous_commit=off",
        )


def _ends(transaction: Transaction) -> set[int]:
    """Where a snapshot may begin: it would be lost without those that it goes on from."""
    with transaction() as cursor:
        return {START.ingest_id, *(part.ingest_id for part in snapshots.whole(cursor))}
