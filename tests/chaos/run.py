"""One run: publish, break things meanwhile, let all of it land, and settle the account."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from random import Random
from types import TracebackType
from typing import Self

import msgspec

from fraud_stream.consumer.log import stream_log
from tests.chaos.accounting import Account, Place, account
from tests.chaos.announcements import is_all_sent, unannounced
from tests.chaos.arena import Arena
from tests.chaos.faults import Fault
from tests.chaos.golden import differing_decisions
from tests.chaos.kafka_log import numbers_in_log
from tests.chaos.plan import Blow, plan
from tests.chaos.publishing import Publishing
from tests.chaos.services import StuckError, wait_until
from tests.chaos.traffic import Traffic

CONSUMERS = 2
RATE = 600.0
HURRIED_RATE = 20_000.0
DRAIN_SECONDS = 900.0

Tell = Callable[[str], None]
"""Told what is done next."""


class Report(msgspec.Struct, kw_only=True):
    """What one run did and found; seconds are from the end of a blow to the next landing.

    `wished` is how many messages had to be in the log at least, those that were refused apart.
    """

    seed: int
    wished: int
    account: Account
    faults: dict[str, int]
    cuts: int
    refused: list[str]
    crashes: list[str]
    recovery_seconds: dict[str, list[float]]
    seconds: float

    @property
    def is_right(self) -> bool:
        """Nothing lost, doubled or unexplained of all that was wished for, and no consumer ended
        that was not made to. Of nothing at all nothing is right."""
        is_enough = self.account.messages >= max(self.wished, 1)
        return is_enough and not (self.account.faults or self.crashes)


class Run:
    """Publishes while the `with` lasts; consumers are there as well."""

    def __init__(self, arena: Arena, *, seed: int, rate: float = RATE, **changes: object) -> None:
        self.arena = arena
        self.faults: Counter[str] = Counter()
        self.recovery: defaultdict[str, list[float]] = defaultdict(list)
        self._seed = seed
        self._random = Random(f"run {seed}")
        self._began = time.monotonic()
        self.settings = arena.begin(f"seed-{seed}-{int(time.time())}", **changes)
        self._traffic, self._cuts = Traffic(seed), arena.cuts.made
        self._publishing = Publishing(self.settings, self._traffic, rate)

    def __enter__(self) -> Self:
        self.arena.crew.size = CONSUMERS
        self._publishing.start()
        try:
            self.arena.await_landing("at first")
        except StuckError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._publishing.abandon()
        self.arena.crew.end()

    def strike(self, blow: Blow) -> None:
        """One blow from its pause to the next landing; noted is how long that took when healed."""
        self.arena.crew.tend()
        time.sleep(blow.pause)
        heals = [fault.strike(self.arena, self._random) for fault in blow.faults]
        time.sleep(blow.hold)
        for heal in heals:
            heal()
        kinds = [fault.kind for fault in blow.faults]
        seconds = self.arena.await_landing(f"after {' and '.join(kinds)}")
        self.faults.update(kinds)
        if len(kinds) == 1:
            self.recovery[kinds[0]].append(round(seconds, 2))

    def finish(self, messages: int, tell: Tell) -> Report:
        """Publish at least so many in all, have everything land, and look whether all is right."""
        tell("publishing the rest")
        self._publishing.finish(messages, HURRIED_RATE)
        tell("landing the rest")
        self.catch_up()
        self._have_all_sent()
        self.arena.crew.end()
        tell("settling the account")
        return Report(
            seed=self._seed,
            wished=messages,
            account=self._settle(),
            faults=dict(self.faults),
            cuts=self.arena.cuts.made - self._cuts,
            refused=self._publishing.refused,
            crashes=self.arena.crew.crashes,
            recovery_seconds=dict(self.recovery),
            seconds=round(time.monotonic() - self._began, 1),
        )

    def catch_up(self) -> None:
        """Wait until everything has landed that is in the log now. Raises StuckError."""
        ends = stream_log(self.settings).look().end

        def landed() -> bool:
            self.arena.tend()
            stored = self._stored_offsets()
            return all(stored.get(place, 0) >= end for place, end in ends.items() if end)

        wait_until("everything has landed", landed, DRAIN_SECONDS)

    def _have_all_sent(self) -> None:
        def sent() -> bool:
            self.arena.tend()
            with closing(self.arena.owner()) as connection:
                return is_all_sent(connection)

        wait_until("all alerts are sent", sent, DRAIN_SECONDS)

    def _stored_offsets(self) -> dict[tuple[str, int], int]:
        with closing(self.arena.owner()) as connection, connection, connection.cursor() as cursor:
            cursor.execute("select topic, kafka_partition, next_offset from raw.stream_offsets")
            rows = cursor.fetchall()
        return {(topic, partition): offset for topic, partition, offset in rows}

    def _settle(self) -> Account:
        settings = self.settings
        topics = [settings.kafka_topic_transactions, settings.kafka_topic_labels]
        log = numbers_in_log(settings.bootstrap_servers(), topics)
        with closing(self.arena.owner()) as connection:
            with connection, connection.cursor() as cursor:
                cursor.execute(_PLACES)
                places = [
                    Place(table, (topic, partition, offset), *rest)
                    for table, topic, partition, offset, *rest in cursor.fetchall()
                ]
            result = account(log, self._publishing.acknowledged, self._traffic.made, places)
            differing = differing_decisions(connection, settings)
            result.note("undecided", (f"ingest_id {ingest_id}" for ingest_id in differing))
            result.note("unannounced", unannounced(connection, settings))
        return result


def storm(
    arena: Arena,
    *,
    seed: int,
    messages: int,
    faults: Sequence[Fault],
    count: int,
    rate: float = RATE,
    tell: Tell = lambda _: None,
) -> Report:
    """Publish at least so many messages during `count` faults. Raises StuckError."""
    with Run(arena, seed=seed, rate=rate) as run:
        for blow in plan(seed, faults, count):
            kinds = " and ".join(fault.kind for fault in blow.faults)
            tell(f"{run.faults.total()}/{count} faults, {kinds}")
            run.strike(blow)
        return run.finish(messages, tell)


_PLACES = """
select 'transactions_stream', topic, kafka_partition, kafka_offset, ingest_id, transaction_id, ''
from raw.transactions_stream
union all
select 'transaction_labels', topic, kafka_partition, kafka_offset, ingest_id, transaction_id, ''
from raw.transaction_labels
union all
select 'duplicate_transactions', topic, kafka_partition, kafka_offset, 0, transaction_id, ''
from raw.duplicate_transactions
union all
select 'dead_letters', topic, kafka_partition, kafka_offset, 0, '', reason
from raw.dead_letters
"""
