"""Kills, freezes and lost answers: nothing is lost, nothing doubled, decisions stay the same."""

import itertools
import json
import random
import signal
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg2
import pytest
from landing_support import Ledger, Publish, StartConsumer, eventually, order
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import LeaseLostError
from fraud_core.events import OrderEvent
from fraud_core.settings import Role, Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import recovery
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.rule_files import HORIZON, RuleFiles
from fraud_stream.consumer.service import consume
from fraud_stream.consumer.waiting import Database
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.scorer import RuleScorer

pytestmark = pytest.mark.integration

ORDERS = 3_000


class ConnectionLostError(psycopg2.OperationalError):
    """As psycopg2 raises it: without an SQLSTATE, because the server did not say it."""


def with_small_batches(settings: Settings) -> Settings:
    return settings.model_copy(update={"consumer_batch_rows": 50, "consumer_lease_seconds": 2})


def send_orders(publish: Publish, first: int = 0, count: int = ORDERS) -> None:
    """A customer's orders go to one partition, as a producer's key makes them."""
    publish((n % 10 % 6, order(n)) for n in range(first, first + count))


def assert_landed_once(ledger: Ledger, count: int) -> None:
    assert ledger.landed() == count
    assert len(ledger.coordinates()) == len(set(ledger.coordinates())) == count
    ids = ledger.rows("select min(ingest_id), max(ingest_id) from raw.transactions_stream")
    assert ids == [(1, count)]


@pytest.fixture
def golden(stream_settings: Settings) -> Callable[[Ledger], dict[str, tuple[Any, ...]]]:
    """Decisions of one scorer that is never interrupted, over the orders as they were ingested."""

    def decide(ledger: Ledger) -> dict[str, tuple[Any, ...]]:
        scorer = RuleFiles.of(stream_settings).make()
        query = "select payload from raw.transactions_stream order by ingest_id"
        events = [msgspec.json.decode(row[0], type=OrderEvent) for row in ledger.rows(query)]
        decided = [(event.transaction_id, scorer.score(event)) for event in events]
        return {
            name: (
                scorer.rule_set_version,
                decision.outcome,
                decision.score,
                *(
                    json.loads(msgspec.json.encode(part))
                    for part in (decision.factors, decision.reasons, decision.features)
                ),
            )
            for name, decision in decided
        }

    return decide


def parsed(decisions: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {name: (*row[:3], *map(json.loads, row[3:])) for name, row in decisions.items()}


def test_killing_the_consumer_again_and_again_loses_and_doubles_nothing(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    golden: Callable[[Ledger], dict[str, tuple[Any, ...]]],
) -> None:
    send_orders(publish)
    settings = with_small_batches(stream_settings)
    for kill in range(3):
        process, seen = start_consumer(settings), ledger.landed()
        eventually(f"landing before kill {kill}", lambda seen=seen: ledger.landed() > seen)
        process.send(signal.SIGKILL)
        process.wait()
        assert ledger.landed() < ORDERS, "too quick to be killed in the middle"
    until_caught_up(settings)
    assert_landed_once(ledger, ORDERS)
    assert parsed(ledger.decisions()) == golden(ledger)


def test_a_clean_stop_finishes_releases_and_exits_with_zero(
    stream_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    process = start_consumer(stream_settings)
    send_orders(publish, count=10)
    eventually("ten orders landed", lambda: ledger.landed() == 10)
    process.send(signal.SIGTERM)
    assert process.wait() == 0
    assert ledger.holder() == ""


def test_of_two_consumers_one_lands_and_the_other_takes_over(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    stops = [threading.Event(), threading.Event()]
    threads = [
        threading.Thread(target=consume, args=(with_small_batches(stream_settings), stop))
        for stop in stops
    ]
    for thread in threads:
        thread.start()
    send_orders(publish, count=500)
    eventually("500 orders landed", lambda: ledger.landed() == 500)
    epoch = "select epoch from raw.scorer_lease"
    assert ledger.value(epoch) == 1
    for number, stop in enumerate(stops, 1):
        send_orders(publish, first=500 * number, count=500)
        eventually("more orders landed", lambda n=number: ledger.landed() == 500 * (n + 1))
        stop.set()
    for thread in threads:
        thread.join()
    assert_landed_once(ledger, 1_500)
    assert ledger.value(epoch) <= 2


@pytest.mark.parametrize("busy", [pytest.param(False, id="idle"), pytest.param(True, id="busy")])
def test_an_owner_keeps_its_lease_for_longer_than_it_lasts(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    busy: bool,
) -> None:
    settings = with_small_batches(stream_settings)
    start_consumer(settings)
    eventually("it scores", lambda: ledger.holder() != "")
    owner = ledger.holder()
    start_consumer(settings)
    until = time.monotonic() + 2 * settings.consumer_lease_seconds
    for number in itertools.count():
        if time.monotonic() > until:
            break
        if busy:
            publish([(0, order(number))])
        time.sleep(0.05)
    assert ledger.holder() == owner


def test_a_frozen_owner_that_wakes_up_writes_nothing(
    stream_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    settings = with_small_batches(stream_settings)
    frozen = start_consumer(settings)
    eventually("the first one scores", lambda: ledger.holder() != "")
    send_orders(publish)
    eventually("it lands", lambda: ledger.landed() > 0)
    frozen.send(signal.SIGSTOP)
    first, seen = ledger.holder(), ledger.landed()
    assert seen < ORDERS, "too quick to be frozen in the middle"
    start_consumer(settings)
    eventually("the stand-by takes over", lambda: ledger.holder() != first)
    eventually("the stand-by lands the rest", lambda: ledger.landed() == ORDERS)
    frozen.send(signal.SIGCONT)
    eventually("the woken one stands by", lambda: frozen.said("standing by"))
    assert_landed_once(ledger, ORDERS)


def test_an_owner_frozen_inside_its_transaction_does_not_keep_its_locks(
    stream_settings: Settings,
) -> None:
    settings = stream_settings.model_copy(update={"consumer_lease_seconds": 2})
    frozen = connect(settings, Role.CONSUMER, application="frozen")
    with frozen, frozen.cursor() as cursor:
        lease = leases.take(cursor, "frozen", seconds=0.1)
    assert lease
    frozen.cursor().execute("select 1 from raw.scorer_lease for update")
    standby = Database(settings, "stand-by", lambda: False)
    eventually("taken over", lambda: bool(standby.run(lambda c: leases.take(c, "stand-by", 60))))
    standby.close()
    frozen.close()


def test_an_owner_that_wakes_up_inside_its_transaction_tries_again_by_its_own_epoch(
    stream_settings: Settings,
) -> None:
    settings = stream_settings.model_copy(update={"consumer_lease_seconds": 1})
    owner, standby = (Database(settings, name, lambda: False) for name in ("owner", "stand-by"))
    lease = owner.run(lambda cursor: leases.take(cursor, "owner", seconds=0.1))
    assert lease
    attempts: list[int] = []

    def land(cursor: Cursor) -> None:
        attempts.append(len(attempts))
        leases.require(cursor, lease)
        time.sleep(2)  # frozen; the server ends the session meanwhile
        assert standby.run(lambda c: leases.take(c, "stand-by", 60))
        cursor.execute("select 1")

    with pytest.raises(LeaseLostError):
        owner.run(land)
    assert attempts == [0, 1]
    owner.close()
    standby.close()


def test_a_batch_whose_commit_went_unanswered_is_not_landed_twice(
    stream_settings: Settings, publish: Publish, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks right after some of the commits, before the consumer hears of it."""
    send_orders(publish, count=1_000)
    attempts = random.Random(1)
    lost = 0
    once = Database.once

    def commit_and_lose_the_answer(self: Database, work: Callable[[Cursor], Any]) -> Any:
        nonlocal lost
        result = once(self, work)
        if attempts.random() < 0.3:
            lost += 1
            self.close()
            raise ConnectionLostError
        return result

    monkeypatch.setattr(Database, "once", commit_and_lose_the_answer)
    until_caught_up(with_small_batches(stream_settings))
    monkeypatch.undo()
    assert lost > 5
    assert_landed_once(ledger, 1_000)


def test_a_session_that_the_server_ends_is_made_again(
    stream_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    process = start_consumer(with_small_batches(stream_settings))
    eventually("it scores", lambda: ledger.holder() != "")
    for cut in range(1, 4):
        send_orders(publish, first=300 * (cut - 1), count=300)
        ledger.end_sessions_of_consumers()
        eventually("it goes on", lambda cut=cut: ledger.landed() == 300 * cut)
    process.send(signal.SIGTERM)
    assert process.wait() == 0
    assert_landed_once(ledger, 900)


def test_state_rebuilt_after_a_restart_is_that_of_the_committed_rows(
    stream_settings: Settings, publish: Publish
) -> None:
    scorers: list[RuleScorer] = []

    class Remembering(RuleFiles):
        def make(self) -> RuleScorer:
            scorers.append(super().make())
            return scorers[-1]

    kind = Remembering.of(stream_settings)
    for part in range(3):
        send_orders(publish, first=400 * part, count=400)
        publish([(0, order(400 * part)), (0, b"{")])
        until_caught_up(stream_settings, kind=kind)
    publish([(5, order(9_999))])
    until_caught_up(stream_settings, kind=kind)
    rebuilt = kind.make()
    database = Database(stream_settings, "tests", lambda: False)
    landed = database.run(
        lambda cursor: recovery.landed_after(cursor, 0, recovery.reach(cursor, HORIZON))
    )
    database.close()
    assert landed.entries
    for entry in landed.entries:
        assert isinstance(entry.event, OrderEvent)
        rebuilt.absorb(entry.event)
    assert scorers[-2].snapshot() == rebuilt.snapshot()


class UnlandableScores(RuleScorer):
    """Gives two orders a score that the ledger refuses."""

    def score(self, event: OrderEvent) -> Decision:
        decision = super().score(event)
        if event.transaction_id in {"t-17", "t-40"}:
            return msgspec.structs.replace(decision, score=1.5)
        return decision


class UnlandableFiles(RuleFiles):
    """Makes such scorers."""

    def make(self) -> RuleScorer:
        return UnlandableScores(self.book)


def test_what_postgres_refuses_is_a_dead_letter_and_the_rest_lands_with_it_forgotten(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    same = {"customer_id": "c"}
    publish((0, order(n, **same)) for n in range(60))
    done = until_caught_up(stream_settings, kind=UnlandableFiles.of(stream_settings))
    assert (done.landed, done.dead) == (58, 2)
    assert ledger.rows("select kafka_offset, reason, detail from raw.dead_letters order by 1") == [
        (17, "unlandable", "Postgres refuses it: 23514"),
        (40, "unlandable", "Postgres refuses it: 23514"),
    ]
    assert '"customer_orders_1h": 57' in ledger.decisions()["t-59"][-1]


class CountedFiles(UnlandableFiles):
    """Makes such scorers, and counts at each how many of them are there."""

    def make(self) -> RuleScorer:
        scorer = super().make()
        _MADE.add(scorer)
        _AT_ONCE.append(len(_MADE))
        return scorer


_MADE: weakref.WeakSet[RuleScorer] = weakref.WeakSet()
_AT_ONCE: list[int] = []


def test_a_state_is_let_go_before_another_is_restored(
    stream_settings: Settings, publish: Publish
) -> None:
    """Two of them may be more than there is memory for."""
    publish((0, order(n)) for n in range(60))
    until_caught_up(with_small_batches(stream_settings), kind=CountedFiles.of(stream_settings))
    assert _AT_ONCE == [1, 1]
