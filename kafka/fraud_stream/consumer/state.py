"""The scorer's state as that of the committed rows: restored, and kept up with what lands.

A stand-by follows what the active scorer lands, so that it can go on where that one ends.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Self

import structlog
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import RuleError
from fraud_core.events import OrderEvent
from fraud_stream.consumer import recovery, snapshots
from fraud_stream.consumer.erased import last_erasure
from fraud_stream.consumer.learning import LearningScorer
from fraud_stream.consumer.recovery import Page, ScorerKind
from fraud_stream.consumer.rule_files import HORIZON
from fraud_stream.consumer.snapshots import Snapshot
from fraud_stream.consumer.waiting import Database, WaitingEndedError
from fraud_stream.scoring.columns import NOTHING, Taken


class Saved(NamedTuple):
    """Up to where snapshots hold a state that need not be written again."""

    ingest_id: int
    taken: Taken


START = Saved(0, NOTHING)


class Origin(NamedTuple):
    """Of the rows that a state was made of: the session they came by, and the last erasure."""

    session: int
    erasure: int

    @classmethod
    def now(cls, database: Database) -> Self:
        """What a state that is begun now comes from."""
        erasure = database.run(last_erasure)
        return cls(database.sessions, erasure)


class State:
    """What a scorer knows when everything up to `ingest_id` has landed, and nothing after it.

    The next snapshot begins after what is `saved`; up to `written` there is one, full or not.
    """

    def __init__(
        self, scorer: LearningScorer, ingest_id: int, origin: Origin, saved: Saved = START
    ) -> None:
        self.scorer = scorer
        self.ingest_id = ingest_id
        self.saved = saved
        self.written = ingest_id
        self._origin = origin

    def is_outdated(self, database: Database) -> bool:
        """Whether it may hold what the ledger does not.

        That is a customer who was erased since it was begun, or, after a new session, what a server
        that was restored to an earlier time, or a replica that took over, has never had.
        """
        return Origin.now(database) != self._origin

    def follow(self, database: Database, keep: Callable[[], None] = lambda: None) -> None:
        """Take in what has landed since; `keep` is called now and then. Rules stay as they are.

        Raises WaitingEndedError when asked to stop meanwhile.
        """
        until = database.run(lambda cursor: recovery.reach(cursor, HORIZON))
        while self.ingest_id < until.last_ingest_id:
            self._absorb(
                database.run(lambda cursor: recovery.landed_after(cursor, self.ingest_id, until))
            )
            keep()
            if database.stopped():
                raise WaitingEndedError

    def settle(self, database: Database) -> None:
        """Learn labels that overtook an order which is beyond every window's reach by now.

        Such an order is not read any more; its label may still be within reach.
        """
        if waiting := self.scorer.waits_for():
            self.scorer.meet(
                database.run(lambda cursor: recovery.landed_up_to(cursor, waiting, self.ingest_id))
            )

    def release(self) -> None:
        """Give its memory back; it is of no use from then on.

        Whoever restores another calls it first: there may not be memory for two.
        """
        del self.scorer

    def _absorb(self, page: Page) -> None:
        for landed in page.entries:
            if isinstance(landed.event, OrderEvent):
                self.scorer.absorb(landed.event)
            else:
                self.scorer.learn(landed.event, landed.order)
        self.ingest_id = page.last_ingest_id


def restored(
    database: Database, kind: ScorerKind, keep: Callable[[], None] = lambda: None
) -> State:
    """The state of what has landed by now, from the newest snapshots that can be used.

    `keep` is called now and then. Raises WaitingEndedError when asked to stop meanwhile.
    """
    origin = Origin.now(database)
    state = _from_snapshots(database, kind, origin, keep) or State(
        LearningScorer(kind.make()), 0, origin
    )
    since = state.ingest_id
    keep()
    state.follow(database, keep)
    structlog.get_logger().info("state restored", snapshot=since, last_ingest_id=state.ingest_id)
    return state


def _from_snapshots(
    database: Database, kind: ScorerKind, origin: Origin, keep: Callable[[], None]
) -> State | None:
    """None when there are none, or none that are whole and of this version."""
    parts = database.run(snapshots.whole)
    while parts:
        scorer = LearningScorer(kind.make())
        read: list[Snapshot] = []
        try:
            taken = scorer.restore(_contents(database, parts, read, keep))
        except RuleError as error:
            broken = read[-1]
            structlog.get_logger().warning(
                "snapshot skipped", ingest_id=broken.ingest_id, reason=str(error)
            )
            parts = parts[: parts.index(broken)]
            continue
        ends = [START, *map(Saved, [part.ingest_id for part in parts], taken)]
        last = parts[-1]
        saved = ends[-1 if snapshots.is_full(last.after_ingest_id, last.ingest_id) else -2]
        return State(scorer, last.ingest_id, origin, saved)
    return None


def _contents(
    database: Database, parts: Sequence[Snapshot], read: list[Snapshot], keep: Callable[[], None]
) -> Iterator[list[bytes]]:
    """Chunks of one after the other; `read` tells which were asked for."""

    def run(work: Callable[[Cursor], list[bytes]]) -> list[bytes]:
        keep()
        if database.stopped():
            raise WaitingEndedError
        return database.run(work)

    for part in parts:
        read.append(part)
        yield snapshots.read(run, part)
