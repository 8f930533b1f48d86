"""What tests of snapshots share: a scorer's knowledge of the landed rows, written and read back."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from functools import partial

from landing_support import PATIENCE_SECONDS, Ledger, Publish, eventually, order
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_stream.consumer import snapshots
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.learning import LearningScorer
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.saving import Saving
from fraud_stream.consumer.silence import SilenceLimit
from fraud_stream.consumer.snapshots import Transaction
from fraud_stream.consumer.state import Origin, State, restored
from fraud_stream.consumer.waiting import Database

PublishLabel = Callable[..., None]
"""Sends the chargeback of an order, by its number and the time of the label."""


class Knowledge:
    """What scorers know of the landed rows, and what they write down of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kind = RuleFiles.of(settings)
        self.database = Database(settings, "tests", lambda: False)

    def restored(self) -> State:
        return restored(self.database, self._kind)

    def uninterrupted(self) -> State:
        """That of a scorer that has seen every landed row."""
        state = State(LearningScorer(self._kind.make()), 0, Origin(0, 0))
        state.follow(self.database)
        return state

    def whole(self) -> list[snapshots.Snapshot]:
        return self.database.run(snapshots.whole)

    def ends(self) -> list[int]:
        """Where the parts of the whole end."""
        return [part.ingest_id for part in self.whole()]

    def write(self, state: State | None = None, stopped: threading.Event | None = None) -> int:
        """Write what `state`, which has it all unless given, has taken in since what is saved."""
        state, stopped = state or self.uninterrupted(), stopped or threading.Event()
        with transactions(self._settings) as transaction:
            snapshots.write(
                transaction,
                state.saved.ingest_id,
                state.ingest_id,
                state.scorer.freeze(state.saved.taken),
                self.database.run(last_lease),
                stopped=stopped,
            )
            snapshots.prune(transaction, stopped=stopped)
        return state.ingest_id

    def save(self, state: State) -> None:
        """What has landed by now, as the active scorer does, and wait until it is written."""
        state.follow(self.database)
        saving = Saving(self._settings, self.database.run(last_lease), "tests")
        saving.take(state, rest=0.0)
        eventually("it is written", lambda: not saving.is_writing)


@contextmanager
def transactions(settings: Settings) -> Generator[Transaction]:
    """On a session of its own."""
    with (
        closing(SilenceLimit(PATIENCE_SECONDS)) as silence,
        closing(connect(settings, Role.CONSUMER, application="tests")) as connection,
    ):
        yield partial(silence.transaction, connection)


def last_lease(cursor: Cursor) -> Lease:
    """That of the last holder."""
    cursor.execute("select epoch, last_ingest_id from raw.scorer_lease")
    return Lease(*cursor.fetchall()[0])


def land(settings: Settings, publish: Publish, first: int, count: int) -> None:
    publish((n % 10 % 6, order(n)) for n in range(first, first + count))
    until_caught_up(settings)


def content(state: State) -> bytes:
    return b"".join(state.scorer.freeze().chunks())


def forget_landed_orders(ledger: Ledger, up_to: int) -> None:
    """So that only a snapshot can still know them."""
    ledger.rows("delete from raw.transactions_stream where ingest_id <= %s returning 1", up_to)


def require_kept(knowledge: Knowledge, ledger: Ledger, up_to: int) -> None:
    """Without the rows up to there snapshots still give what a scorer knows that has seen all."""
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, up_to)
    assert content(knowledge.restored()) == expected
