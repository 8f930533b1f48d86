"""A message that ends the process is set aside after three attempts; its neighbours land."""

import re
import resource
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from landing_support import Ledger, Publish, StartConsumer, eventually, order

from fraud_core.events import OrderEvent
from fraud_core.settings import Settings
from fraud_stream.consumer import careful, quarantine
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.batch import Partition, Positions
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.waiting import Database, WaitingEndedError
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.scorer import RuleScorer

pytestmark = pytest.mark.integration

BOMB_BYTES = 200_000_000
SPARE_BYTES = BOMB_BYTES // 2
"""Memory that a consumer has beyond what it needs: plenty, but not enough for the bomb."""

STARTS = 8
"""More than are needed; who supervises a consumer goes on starting it."""


def publish_bomb(settings: Settings, partition: int) -> None:
    """200 MB that the broker takes for 200 KB."""
    producer = Producer(
        {
            "bootstrap.servers": settings.bootstrap_servers(),
            "compression.codec": "gzip",
            "message.max.bytes": 2 * BOMB_BYTES,
            "queue.buffering.max.kbytes": BOMB_BYTES // 256,
        }
    )
    producer.produce(
        settings.kafka_topic_transactions, bytes(BOMB_BYTES), b"c-1", partition=partition
    )
    assert not producer.flush(120)


@pytest.fixture
def memory_limit(
    stream_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> int:
    """What a consumer that lands an order holds, and some more."""
    publish([(5, order(0))])
    process = start_consumer(stream_settings)
    eventually("an order landed", lambda: ledger.landed() == 1)
    status = Path(f"/proc/{process.pid}/status").read_text()
    process.end()
    (held,) = re.findall(r"VmData:\s+(\d+) kB", status)
    return int(held) * 1024 + SPARE_BYTES


def test_a_bomb_is_set_aside_unread_and_the_orders_around_it_land(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    memory_limit: int,
) -> None:
    publish((n % 2, order(n)) for n in range(1, 11))
    publish_bomb(stream_settings, 0)
    publish((n % 2, order(n)) for n in range(11, 21))
    deaths = 0
    for _ in range(STARTS):
        process = start_consumer(stream_settings)
        resource.prlimit(process.pid, resource.RLIMIT_DATA, (memory_limit, memory_limit))
        eventually(
            "it dies or lands all",
            lambda process=process: process.has_ended() or ledger.landed() == 21,
        )
        if ledger.landed() == 21:
            process.end()
            break
        deaths += 1
    assert ledger.landed() == 21
    assert deaths >= quarantine.ATTEMPTS - 1
    assert ledger.rows(
        "select kafka_partition, kafka_offset, reason, value, value_length, attempts "
        "from raw.dead_letters"
    ) == [(0, 5, "quarantined", None, None, 3)]


class DyingScorer(RuleScorer):
    """Ends on one order, by an error that nobody foresaw."""

    def score(self, event: OrderEvent) -> Decision:
        if event.transaction_id == "t-7":
            raise MemoryError
        return super().score(event)


class DyingFiles(RuleFiles):
    """Makes such scorers."""

    def make(self) -> RuleScorer:
        return DyingScorer(self.book)


def test_of_many_messages_in_one_kafka_batch_only_the_deadly_one_is_set_aside(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish((n % 2, order(n)) for n in range(20))
    kind = DyingFiles.of(stream_settings)
    deaths = 0
    while ledger.landed() < 19:
        try:
            until_caught_up(stream_settings, kind=kind)
        except MemoryError:
            deaths += 1
        assert deaths < STARTS
    assert ledger.rows("select kafka_partition, kafka_offset, reason from raw.dead_letters") == [
        (1, 3, "quarantined")
    ]
    assert deaths >= quarantine.ATTEMPTS


@pytest.fixture
def database(stream_settings: Settings) -> Generator[Database]:
    database = Database(stream_settings, "tests", lambda: False)
    yield database
    database.close()


def starts_in_vain(database: Database, *, release: Callable[[leases.Lease], None]) -> int:
    """What the next holder is told after one that ended in this way."""
    lease = database.run(lambda cursor: leases.take(cursor, "first", 0))
    assert lease
    release(lease)
    following = database.run(lambda cursor: leases.take(cursor, "second", 0))
    assert following
    return following.starts_in_vain


def test_a_start_that_ends_without_a_word_is_in_vain(database: Database) -> None:
    assert starts_in_vain(database, release=lambda _: None) == 1


def test_a_start_that_ends_by_itself_is_not_in_vain(database: Database) -> None:
    assert not starts_in_vain(
        database, release=lambda lease: database.run(lambda c: leases.release(c, lease))
    )


def test_a_start_that_ends_by_an_unforeseen_error_is_in_vain(database: Database) -> None:
    assert starts_in_vain(
        database,
        release=lambda lease: database.run(lambda c: leases.release(c, lease, in_vain=True)),
    )


def test_what_lands_clears_the_count(
    stream_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    process = start_consumer(stream_settings)
    publish([(0, order(1))])
    eventually("it landed", lambda: ledger.landed() == 1)
    process.end()
    assert ledger.value("select starts_in_vain from raw.scorer_lease") == 0


def test_after_starts_in_vain_everything_lands_and_nothing_stays_suspected(
    stream_settings: Settings, publish: Publish, ledger: Ledger, database: Database
) -> None:
    for number in range(5):
        assert database.run(lambda cursor, n=number: leases.take(cursor, f"killed {n}", 0))
    sent = publish((n % 6, order(n)) for n in range(300))
    assert until_caught_up(stream_settings).landed == sent
    publish([(0, order(300))])
    assert until_caught_up(stream_settings).landed == 1
    assert ledger.value("select count(*) from raw.dead_letters") == 0


def test_an_attempt_that_the_broker_did_not_answer_does_not_count(
    stream_settings: Settings, database: Database
) -> None:
    partition: Partition = (stream_settings.kafka_topic_transactions, 0)
    at: Positions = {partition: 5}
    database.run(lambda cursor: quarantine.suspect(cursor, at, {partition: 9}))
    case = database.run(lambda cursor: quarantine.suspects(cursor, at))[partition]
    for _ in range(5):
        database.run(lambda cursor: quarantine.note(cursor, partition, case))
        database.run(lambda cursor: quarantine.withdraw(cursor, partition, case))
    assert not database.run(lambda cursor: quarantine.suspects(cursor, at))[partition].is_guilty


def test_nothing_is_noted_while_the_broker_does_not_answer(
    stream_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(careful, "ANSWER_SECONDS", 0.5)
    partition: Partition = (stream_settings.kafka_topic_transactions, 0)
    at: Positions = {partition: 5}
    impatient = Database(stream_settings, "tests", lambda: True)
    impatient.run(lambda cursor: quarantine.suspect(cursor, at, {partition: 9}))
    suspected = impatient.run(lambda cursor: quarantine.suspects(cursor, at))
    nobody = {"bootstrap.servers": "127.0.0.1:1"}
    source = careful.CarefulSource(nobody, impatient, at, suspected)
    with pytest.raises(WaitingEndedError):
        source.fetch()
    source.close()
    assert impatient.run(lambda cursor: quarantine.suspects(cursor, at)) == suspected
    impatient.close()


def test_a_note_about_what_has_landed_is_void(
    stream_settings: Settings, database: Database
) -> None:
    partition: Partition = (stream_settings.kafka_topic_transactions, 0)
    at: Positions = {partition: 5}
    database.run(lambda cursor: quarantine.suspect(cursor, at, {partition: 9}))
    for _ in range(2):
        case = database.run(lambda cursor: quarantine.suspects(cursor, at))[partition]
        database.run(lambda cursor, case=case: quarantine.note(cursor, partition, case))
    after: Positions = {partition: 6}
    there = database.run(lambda cursor: quarantine.suspects(cursor, at))[partition]
    beyond = database.run(lambda cursor: quarantine.suspects(cursor, after))[partition]
    assert there.is_guilty
    assert not beyond.is_guilty
    assert beyond.alone


def test_who_is_killed_from_outside_after_each_landing_leaves_no_message_guilty(
    stream_settings: Settings, database: Database
) -> None:
    topic = stream_settings.kafka_topic_transactions
    at: dict[Partition, int] = {(topic, number): 0 for number in range(3)}
    database.run(lambda cursor: quarantine.suspect(cursor, at, dict.fromkeys(at, 1_000)))
    for _ in range(10):
        cases = database.run(lambda cursor: quarantine.suspects(cursor, at))
        assert not any(case.is_guilty for case in cases.values())
        lands, tries, _ = cases
        for partition in (lands, tries):
            database.run(
                lambda cursor, place=partition, case=cases[partition]: quarantine.note(
                    cursor, place, case
                )
            )
        at[lands] += 1


def test_a_holder_that_lost_the_lease_alive_takes_its_start_in_vain_back(
    stream_settings: Settings, ledger: Ledger
) -> None:
    database = Database(stream_settings, "tests", lambda: False)
    own, successor = (
        database.run(lambda cursor, name=holder: leases.take(cursor, name, 0.001))
        for holder in ("first", "second")
    )
    assert own
    assert successor
    assert successor.starts_in_vain == 1
    database.run(lambda cursor: quarantine.absolve(cursor, own))
    assert database.run(leases.starts_in_vain) == 0
    database.close()
    assert ledger.value("select starts_in_vain from raw.scorer_lease") == 1
