"""State that was written down and read back is the state that was never put away."""

import threading
from collections.abc import Generator
from contextlib import closing
from datetime import timedelta

import pytest
from landing_support import START, Ledger, Publish, eventually, order
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from snapshot_support import (
    Knowledge,
    PublishLabel,
    content,
    land,
    last_lease,
    require_kept,
    transactions,
)

from fraud_core.database import connect
from fraud_core.errors import LeaseLostError, RuleError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import snapshots
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.service import consume
from fraud_stream.consumer.state import restored
from fraud_stream.consumer.stream_state import look

pytestmark = pytest.mark.integration

ORDERS = 1_500


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
    require_kept(knowledge, ledger, taken)


def test_what_landed_before_a_silence_is_written_while_nothing_comes(
    stream_settings: Settings, publish: Publish, knowledge: Knowledge
) -> None:
    settings = stream_settings.model_copy(update={"consumer_snapshot_seconds": 5})
    stop = threading.Event()
    thread = threading.Thread(target=consume, args=(settings, stop))
    publish((n % 10 % 6, order(n)) for n in range(20))
    thread.start()
    try:
        eventually("a snapshot of all that landed", lambda: knowledge.ends() == [20])
    finally:
        stop.set()
        thread.join()


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


def test_a_snapshot_whose_bytes_are_others_is_refused_before_anything_reads_them(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    ledger.rows("update raw.scorer_snapshot_chunks set content = content || 'x'::bytea returning 1")
    (snapshot,) = knowledge.whole()
    with pytest.raises(RuleError, match="not those that were written"):
        snapshots.read(knowledge.database.run, snapshot)


def test_a_snapshot_is_read_bit_by_bit_and_the_lease_kept_meanwhile(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A transaction that takes longer than some leases is given up, however large the snapshot."""
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    chunks = ledger.value("select count(*) from raw.scorer_snapshot_chunks")
    monkeypatch.setattr(snapshots, "READ_CHUNKS", 1)
    kept: list[None] = []
    state = restored(
        knowledge.database, RuleFiles.of(stream_settings), keep=lambda: kept.append(None)
    )
    assert content(state) == content(knowledge.uninterrupted())
    assert len(kept) > chunks > 1


@pytest.fixture
def full_disk(ledger: Ledger) -> Generator[None]:
    """As far as any snapshot's third chunk is concerned."""
    ledger.rows(
        "create function raw.is_full() returns trigger language plpgsql as "
        "$$ begin raise exception using errcode = 'disk_full'; end $$; "
        "create trigger is_full before insert on raw.scorer_snapshot_chunks "
        "for each row when (new.number >= 3) execute function raw.is_full(); select 1"
    )
    yield
    ledger.rows("drop function raw.is_full cascade; select 1")


@pytest.mark.usefixtures("full_disk")
def test_what_fails_again_and_again_leaves_no_more_behind_than_once(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    land(stream_settings, publish, 0, 20)
    state = knowledge.restored()
    for _ in range(3):
        knowledge.save(state)
    assert not knowledge.whole()
    assert ledger.value("select count(*) from raw.scorer_snapshot_chunks") == 2


def test_what_a_later_holder_of_the_lease_has_begun_is_not_dropped(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    """By one that was frozen and wakes up."""
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    ledger.rows("update raw.scorer_snapshots set sha256 = null, epoch = epoch + 1 returning 1")
    lease = knowledge.database.run(last_lease)
    with transactions(stream_settings) as transaction:
        snapshots.drop_unfinished(transaction, lease, stopped=threading.Event())
    assert ledger.value("select count(*) from raw.scorer_snapshots") == 1


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


@pytest.mark.parametrize("change", ["format = format - 1", "horizon = horizon - interval '1 hour'"])
def test_a_snapshot_of_another_version_is_none_for_who_looks(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    knowledge: Knowledge,
    change: str,
) -> None:
    land(stream_settings, publish, 0, 20)
    knowledge.write()
    found = look(stream_settings, application="tests")
    assert (found.snapshot_taken_at is None, found.after_snapshot) == (False, 0)

    ledger.rows(f"update raw.scorer_snapshots set {change} returning 1")

    found = look(stream_settings, application="tests")
    assert (found.snapshot_taken_at, found.after_snapshot) == (None, 20)


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
    state, lease = knowledge.uninterrupted(), knowledge.database.run(last_lease)
    ledger.rows("update raw.scorer_lease set epoch = epoch + 1 returning 1")
    with (
        transactions(stream_settings) as transaction,
        pytest.raises(LeaseLostError),
    ):
        snapshots.write(transaction, 0, 20, state.scorer.freeze(), lease, stopped=threading.Event())
    assert ledger.value("select count(*) from raw.scorer_snapshots") == 0


def test_the_session_that_writes_a_snapshot_keeps_its_locks_no_longer_than_a_landing(
    stream_settings: Settings,
    publish: Publish,
    knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    land(stream_settings, publish, 0, 20)
    found: list[dict[str, str]] = []
    require = leases.require

    def look_and_require(cursor: Cursor, lease: Lease) -> None:
        found.append(limits(cursor))
        require(cursor, lease)

    monkeypatch.setattr(leases, "require", look_and_require)
    knowledge.save(knowledge.restored())
    assert found == [knowledge.database.run(limits)]


def limits(cursor: Cursor) -> dict[str, str]:
    """By which the server ends what a session leaves standing."""
    names = ["idle_in_transaction_session_timeout", "lock_timeout"]
    cursor.execute("select name, setting from pg_settings where name = any(%s)", (names,))
    return dict(cursor.fetchall())


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


def test_a_state_is_not_used_with_a_session_that_was_made_after_it(
    stream_settings: Settings, publish: Publish, ledger: Ledger, knowledge: Knowledge
) -> None:
    """The server may have been restored to an earlier time, and have landed others since."""
    standby = knowledge.restored()
    land(stream_settings, publish, 0, 50)
    standby.follow(knowledge.database)
    assert not standby.is_outdated(knowledge.database)
    ledger.end_sessions_of_consumers()
    assert standby.is_outdated(knowledge.database)
    assert not knowledge.restored().is_outdated(knowledge.database)


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
