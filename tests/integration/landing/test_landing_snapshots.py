"""State that was written down and read back is the state that was never put away."""

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from confluent_kafka import Producer
from landing_support import START, Ledger, Publish, eventually, order
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import LeaseLostError, RuleError
from fraud_core.settings import Role, Settings
from fraud_local.topics import make_topics
from fraud_stream.consumer import snapshots
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.learning import LearningScorer
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.saving import Saving
from fraud_stream.consumer.service import consume
from fraud_stream.consumer.state import Saved, State, restored
from fraud_stream.consumer.waiting import Database

pytestmark = pytest.mark.integration

ORDERS = 1_500
PublishLabel = Callable[..., None]


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
        state = State(LearningScorer(self._kind.make()), 0)
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
        with closing(connect(self._settings, Role.CONSUMER, application="tests")) as connection:
            snapshots.write(
                connection,
                state.saved.ingest_id,
                state.ingest_id,
                state.scorer.freeze(state.saved.taken),
                self.database.run(_lease),
                stopped=stopped,
            )
            snapshots.prune(connection, stopped=stopped)
        return state.ingest_id

    def save(self, state: State) -> None:
        """As the active scorer does, and wait until it is written."""
        saving = Saving(self._settings, self.database.run(_lease), "tests")
        saving.take(state, rest=0.0)
        eventually("it is written", lambda: not saving.is_writing)


@pytest.fixture
def knowledge(stream_settings: Settings) -> Generator[Knowledge]:
    knowledge = Knowledge(stream_settings)
    yield knowledge
    knowledge.database.close()


def _lease(cursor: Cursor) -> Lease:
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


def test_the_active_scorer_writes_snapshots_from_which_the_next_one_goes_on(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    settings = stream_settings.model_copy(
        update={"consumer_snapshot_orders": 1_000, "consumer_batch_rows": 200}
    )
    stop = threading.Event()
    thread = threading.Thread(target=consume, args=(settings, stop))
    thread.start()
    publish((n % 10 % 6, order(n)) for n in range(ORDERS))
    eventually("a snapshot", lambda: bool(knowledge.whole()))
    eventually("all landed", lambda: ledger.landed() == ORDERS)
    stop.set()
    thread.join()
    (taken,) = knowledge.ends()
    assert 1_000 <= taken <= ORDERS
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, taken)
    assert content(knowledge.restored()) == expected


def test_nothing_is_written_before_enough_has_landed(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    land(stream_settings, publish, 0, 100)
    assert ledger.value("select count(*) from raw.scorer_snapshots") == 0


def test_labels_that_wait_for_their_orders_are_part_of_a_snapshot(
    stream_settings: Settings,
    publish: Publish,
    knowledge: Knowledge,
    publish_label: PublishLabel,
) -> None:
    land(stream_settings, publish, 0, 10)
    for number in (3, 12):
        publish_label(number)
    knowledge.write()
    land(stream_settings, publish, 10, 10)
    assert content(knowledge.restored()) == content(knowledge.uninterrupted())


@pytest.fixture
def publish_label(stream_settings: Settings) -> PublishLabel:
    """Sends the chargeback of an order, on the labels' topic, which is made for it."""
    topic = stream_settings.kafka_topic_labels
    make_topics(stream_settings.bootstrap_servers(), [topic], partitions=1)

    def send(number: int, at: datetime = START) -> None:
        producer = Producer({"bootstrap.servers": stream_settings.bootstrap_servers()})
        producer.produce(
            topic,
            b'{"transaction_id":"t-%d","label":"fraud","source":"chargeback","labelled_at":"%s"}'
            % (number, at.isoformat().encode()),
            b"t-%d" % number,
        )
        assert not producer.flush(60)
        until_caught_up(stream_settings)

    return send


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FULL", 10)


@pytest.fixture
def state(
    stream_settings: Settings,
    publish: Publish,
    knowledge: Knowledge,
    request: pytest.FixtureRequest,
) -> State:
    """That of 60 orders, saved in three parts."""
    request.getfixturevalue("small_parts")
    state = knowledge.restored()
    for part in range(3):
        land(stream_settings, publish, 20 * part, 20)
        state.follow(knowledge.database)
        knowledge.save(state)
    return state


def test_each_holds_what_landed_since_the_one_before(
    state: State, ledger: Ledger, knowledge: Knowledge
) -> None:
    expected = content(state)
    assert knowledge.ends() == [20, 40, 60]
    assert [part.after_ingest_id for part in knowledge.whole()] == [0, 20, 40]
    forget_landed_orders(ledger, 60)

    restored = knowledge.restored()

    assert content(restored) == expected
    assert restored.saved == state.saved == Saved(60, (60, 0))


@pytest.mark.usefixtures("state")
def test_the_next_one_goes_on_from_those_that_were_read(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    restored = knowledge.restored()
    land(stream_settings, publish, 60, 20)
    restored.follow(knowledge.database)
    knowledge.save(restored)

    assert knowledge.ends() == [20, 40, 60, 80]
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 80)
    assert content(knowledge.restored()) == expected


@pytest.mark.usefixtures("small_parts")
def test_labels_are_in_the_part_in_which_they_were_learned(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    publish_label: PublishLabel,
) -> None:
    state = knowledge.restored()
    land(stream_settings, publish, 0, 20)
    for number in (3, 22, 404):
        publish_label(number)
    state.follow(knowledge.database)
    knowledge.save(state)
    land(stream_settings, publish, 20, 20)
    for number in (25, 405):
        publish_label(number)
    state.follow(knowledge.database)
    knowledge.save(state)
    assert [part.after_ingest_id for part in knowledge.whole()] == [0, 23]
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 45)

    restored = knowledge.restored()

    assert restored.saved == Saved(45, (40, 3))
    assert content(restored) == content(state) == expected


@pytest.mark.usefixtures("small_parts")
def test_a_label_from_ahead_of_the_orders_is_still_there_when_they_have_caught_up(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    publish_label: PublishLabel,
) -> None:
    state = knowledge.restored()
    for days in (0, 5, 37):
        at = (START + timedelta(days=days)).isoformat()
        publish((0, order(n, event_time=at)) for n in range(100 * days, 100 * days + 20))
        until_caught_up(stream_settings)
        if not days:
            publish_label(3, START + timedelta(days=40))
        state.follow(knowledge.database)
        knowledge.save(state)
    assert knowledge.ends() == [21, 41, 61]
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 61)
    assert content(knowledge.restored()) == expected


def test_a_small_one_is_written_anew_with_what_comes_next(
    state: State,
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    following = state
    for number in (60, 65):
        land(stream_settings, publish, number, 5)
        following.follow(knowledge.database)
        knowledge.save(following)
        assert knowledge.ends() == [20, 40, 60, number + 5]
        following = knowledge.restored()

    assert ledger.value("select count(*) from raw.scorer_snapshots") == 4
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 70)
    assert content(knowledge.restored()) == expected


def test_a_snapshot_that_was_changed_is_skipped_and_those_before_it_used(
    state: State, ledger: Ledger, knowledge: Knowledge
) -> None:
    expected = content(state)
    ledger.rows(
        "update raw.scorer_snapshot_chunks set content = overlay(content placing 'x' from 9) "
        "where snapshot_id = %s returning 1",
        knowledge.whole()[1].snapshot_id,
    )
    forget_landed_orders(ledger, 20)

    restored = knowledge.restored()

    assert content(restored) == expected
    knowledge.save(restored)
    assert knowledge.ends() == [20, 60]
    forget_landed_orders(ledger, 60)
    assert content(knowledge.restored()) == expected


@pytest.mark.usefixtures("small_parts")
def test_a_stand_by_that_knew_less_of_them_goes_on_from_what_it_knew(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    active, standby = knowledge.restored(), knowledge.restored()
    for number in (0, 20):
        land(stream_settings, publish, number, 20)
        active.follow(knowledge.database)
        knowledge.save(active)
        if not number:
            standby = knowledge.restored()
    land(stream_settings, publish, 40, 20)
    standby.follow(knowledge.database)
    knowledge.save(standby)

    assert knowledge.ends() == [20, 60]
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 60)
    assert content(knowledge.restored()) == expected


def test_after_all_were_deleted_there_is_soon_one_of_everything(
    state: State,
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    ledger.rows("delete from raw.scorer_snapshots returning 1")
    land(stream_settings, publish, 60, 20)
    state.follow(knowledge.database)
    knowledge.save(state)
    assert knowledge.whole() == []
    knowledge.save(state)
    assert knowledge.ends() == [80]
    expected = content(knowledge.uninterrupted())
    forget_landed_orders(ledger, 80)
    assert content(knowledge.restored()) == expected


def test_without_the_one_it_goes_on_from_a_snapshot_is_not_used(
    state: State, ledger: Ledger, knowledge: Knowledge
) -> None:
    ledger.rows("delete from raw.scorer_snapshots where ingest_id = 40 returning 1")
    assert knowledge.ends() == [20]
    assert content(knowledge.restored()) == content(state)


def test_what_no_window_reaches_is_dropped_and_not_missed(
    state: State,
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    ledger.rows(
        "update raw.scorer_snapshots "
        "set newest_time = newest_time - horizon - interval '1 day' "
        "where ingest_id <= 40 returning 1"
    )
    assert knowledge.ends() == [40, 60]
    land(stream_settings, publish, 60, 20)
    state.follow(knowledge.database)
    knowledge.save(state)
    assert knowledge.ends() == [40, 60, 80]
    assert ledger.value("select min(ingest_id) from raw.scorer_snapshots") == 40


def test_a_snapshot_whose_bytes_are_others_is_refused_before_anything_reads_them(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    ledger.rows("update raw.scorer_snapshot_chunks set content = content || 'x'::bytea returning 1")
    with closing(connect(stream_settings, Role.CONSUMER, application="tests")) as connection:
        cursor = connection.cursor()
        (snapshot,) = snapshots.whole(cursor)
        with pytest.raises(RuleError, match="not those that were written"):
            snapshots.read(cursor, snapshot)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("format = format - 1", id="of another format"),
        pytest.param("horizon = horizon - interval '1 hour'", id="that reaches less far back"),
        pytest.param("sha256 = null", id="that was not finished"),
        pytest.param("ingest_id = ingest_id + 1", id="of more than has landed"),
    ],
)
def test_a_snapshot_is_not_used(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    change: str,
) -> None:
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    assert len(knowledge.whole()) == 1
    ledger.rows(f"update raw.scorer_snapshots set {change} returning 1")
    assert knowledge.whole() == []


def test_who_lost_the_lease_finishes_no_snapshot(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
) -> None:
    land(stream_settings, publish, 0, 20)

    class Late(threading.Event):
        """Another scorer takes over while the chunks are being written."""

        def is_set(self) -> bool:
            ledger.rows("update raw.scorer_lease set epoch = 9 returning 1")
            return super().is_set()

    with pytest.raises(LeaseLostError):
        knowledge.write(stopped=Late())
    assert knowledge.whole() == []
    knowledge.write()
    assert len(knowledge.whole()) == 1


def test_who_lost_the_lease_begins_no_snapshot(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    land(stream_settings, publish, 0, 20)
    state, lease = knowledge.uninterrupted(), knowledge.database.run(_lease)
    ledger.rows("update raw.scorer_lease set epoch = epoch + 1 returning 1")
    with (
        closing(connect(stream_settings, Role.CONSUMER, application="tests")) as connection,
        pytest.raises(LeaseLostError),
    ):
        snapshots.write(connection, 0, 20, state.scorer.freeze(), lease, stopped=threading.Event())
    assert ledger.value("select count(*) from raw.scorer_snapshots") == 0


def test_what_newer_ones_hold_as_well_is_dropped(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    land(stream_settings, publish, 0, 20)
    for _ in range(4):
        knowledge.write()
    assert ledger.value("select count(*) from raw.scorer_snapshots") == 1
    assert ledger.value("select count(distinct snapshot_id) from raw.scorer_snapshot_chunks") == 1


def test_landings_do_not_wait_while_old_snapshots_are_dropped(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    (oldest,) = ledger.rows("select snapshot_id from raw.scorer_snapshots")[0]
    writer = threading.Thread(target=knowledge.write)
    with (
        closing(connect(stream_settings, Role.OWNER, application="holder")) as holder,
        holder,
        holder.cursor() as cursor,
    ):
        cursor.execute(
            "select from raw.scorer_snapshot_chunks where snapshot_id = %s for update", (oldest,)
        )
        writer.start()
        eventually(
            "dropping waits for what is held",
            lambda: ledger.rows(_WAITING, role=Role.CONSUMER) == [(1,)],
        )

        assert ledger.rows("select epoch from raw.scorer_lease for update nowait")
        assert [snapshot.snapshot_id > oldest for snapshot in knowledge.whole()] == [True]
        marked = "select sha256 from raw.scorer_snapshots where snapshot_id = %s"
        assert ledger.rows(marked, oldest) == [(None,)]
    writer.join()
    assert ledger.value("select count(*) from raw.scorer_snapshots") == 1


_WAITING = """
select count(*) from pg_stat_activity where application_name = 'tests' and wait_event_type = 'Lock'
"""


def test_a_stand_by_that_follows_knows_what_the_active_one_knows(
    stream_settings: Settings,
    publish: Publish,
    knowledge: Knowledge,
) -> None:
    standby = knowledge.restored()
    for part in range(3):
        land(stream_settings, publish, 50 * part, 50)
        standby.follow(knowledge.database)
    assert standby.ingest_id == 150
    assert content(standby) == content(knowledge.uninterrupted())


@pytest.mark.parametrize("follows_between", [True, False])
def test_a_label_that_overtook_an_order_out_of_reach_by_now_is_learned_again(
    stream_settings: Settings,
    publish: Publish,
    knowledge: Knowledge,
    publish_label: PublishLabel,
    follows_between: bool,
) -> None:
    live, later = knowledge.restored(), knowledge.restored()
    publish_label(1, START)
    if follows_between:
        later.follow(knowledge.database)
    for number, days in ((1, -10), (2, 25)):
        at = (START + timedelta(days=days)).isoformat()
        publish([(0, order(number, event_time=at))])
        until_caught_up(stream_settings)
        live.follow(knowledge.database)
    later.follow(knowledge.database)
    assert content(later) != content(live)
    later.settle(knowledge.database)
    assert content(later) == content(live)
