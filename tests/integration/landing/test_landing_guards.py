"""What refuses to land: another's epoch, other offsets. A second attempt finds the first one in."""

from collections.abc import Callable, Generator, Mapping

import msgspec
import psycopg2
import pytest
from landing_support import Ledger, Publish, order
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import LeaseLostError, StreamError
from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import ledger as landing
from fraud_stream.consumer.batch import Counts, Landing
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.waiting import Database

pytestmark = pytest.mark.integration

PARTITION = ("orders", 0)


def two_duplicates(start: int = 0) -> Landing:
    """A batch that is easily written down by hand."""
    now = b"2026-01-01T00:00:00Z"
    rows = b"".join(
        b"orders\t0\t%d\tt\t%s\t%s\n" % (offset, now, now) for offset in (start, start + 1)
    )
    return Landing(
        start={PARTITION: start},
        end={PARTITION: start + 2},
        rows={"raw.duplicate_transactions": rows},
        last_ingest_id=0,
        newest_event_time=None,
        counts=Counts(duplicates=2),
    )


@pytest.fixture
def database(stream_settings: Settings) -> Generator[Database]:
    database = Database(stream_settings, "owner", lambda: False)
    database.run(
        lambda cursor: landing.start_partitions(cursor, {PARTITION[0]: "id"}, {PARTITION: 0})
    )
    yield database
    database.close()


@pytest.fixture
def lease(database: Database) -> Lease:
    taken = database.run(lambda cursor: leases.take(cursor, "owner", 60))
    assert taken
    return taken


def land(database: Database, batch: Landing, lease: Lease) -> None:
    database.run(lambda cursor: landing.land(cursor, batch, lease, 60))


def landed(ledger: Ledger) -> list[int]:
    rows = ledger.rows("select kafka_offset from raw.duplicate_transactions order by 1")
    return [offset for (offset,) in rows]


def test_batches_land_one_after_the_other(database: Database, lease: Lease, ledger: Ledger) -> None:
    land(database, two_duplicates(0), lease)
    land(database, two_duplicates(2), lease)
    assert landed(ledger) == [0, 1, 2, 3]


def test_a_batch_that_is_in_is_not_written_again(
    database: Database, lease: Lease, ledger: Ledger
) -> None:
    land(database, two_duplicates(), lease)
    land(database, two_duplicates(), lease)
    assert landed(ledger) == [0, 1]


def test_an_older_epoch_writes_nothing(database: Database, lease: Lease, ledger: Ledger) -> None:
    older = Lease(lease.epoch - 1, lease.last_ingest_id)
    with pytest.raises(LeaseLostError):
        land(database, two_duplicates(), older)
    assert landed(ledger) == []


@pytest.mark.parametrize("start", [1, 7])
def test_a_batch_from_other_offsets_than_the_stored_ones_is_refused(
    database: Database, lease: Lease, ledger: Ledger, start: int
) -> None:
    with pytest.raises(StreamError, match="orders/0@0"):
        land(database, two_duplicates(start), lease)
    assert landed(ledger) == []


def test_a_batch_scored_on_more_than_the_server_has_is_refused(
    database: Database, lease: Lease, ledger: Ledger
) -> None:
    """The offsets are the same: the batches that a restored server lacks held none of them."""
    ahead = msgspec.structs.replace(two_duplicates(), last_ingest_id=7)
    with pytest.raises(StreamError, match=r"up to ingest_id 0, .* scored after 7: .* restored"):
        land(database, ahead, lease)
    assert landed(ledger) == []


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something done in the middle of the next landing, between compare and write."""

    def in_the_middle(act: Callable[[], object]) -> None:
        copy = landing.copy

        def act_and_copy(cursor: Cursor, rows: Mapping[str, bytes]) -> None:
            act()
            copy(cursor, rows)

        monkeypatch.setattr(landing, "copy", act_and_copy)

    return in_the_middle


def test_a_lease_that_looks_free_cannot_be_taken_in_the_middle_of_a_landing(
    stream_settings: Settings,
    database: Database,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    lease = database.run(lambda cursor: leases.take(cursor, "expired at once", 0))
    assert lease
    other = Database(stream_settings, "other", lambda: False)
    taken: list[Lease | None] = []
    meanwhile(lambda: taken.append(other.run(lambda cursor: leases.take(cursor, "other", 60))))
    land(database, two_duplicates(), lease)
    other.close()
    assert taken == [None]


def test_stored_offsets_cannot_be_changed_by_hand_in_the_middle_of_a_landing(
    database: Database,
    lease: Lease,
    ledger: Ledger,
    meanwhile: Callable[[Callable[[], object]], None],
) -> None:
    def change_by_hand() -> None:
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            ledger.rows("set lock_timeout = '100ms'; update raw.stream_offsets set next_offset = 9")

    meanwhile(change_by_hand)
    land(database, two_duplicates(), lease)
    assert landed(ledger) == [0, 1]


def test_a_renewal_with_an_older_epoch_is_refused(database: Database, lease: Lease) -> None:
    older = Lease(lease.epoch - 1, lease.last_ingest_id)
    with pytest.raises(LeaseLostError):
        database.run(lambda cursor: leases.renew(cursor, older, 60))


def test_a_held_lease_is_not_given_away(stream_settings: Settings, lease: Lease) -> None:
    assert lease.epoch == 1
    other = Database(stream_settings, "other", lambda: False)
    assert other.run(lambda cursor: leases.take(cursor, "other", 60)) is None
    other.close()


def test_a_released_lease_goes_to_the_next_with_a_new_epoch(
    stream_settings: Settings, database: Database, lease: Lease
) -> None:
    database.run(lambda cursor: leases.release(cursor, lease))
    other = Database(stream_settings, "other", lambda: False)
    assert other.run(lambda cursor: leases.take(cursor, "other", 60)) == Lease(2, 0)
    other.close()


def test_the_lease_of_a_holder_without_a_session_is_free(
    stream_settings: Settings, database: Database, lease: Lease
) -> None:
    assert lease.epoch == 1
    database.close()
    other = Database(stream_settings, "other", lambda: False)
    assert other.run(lambda cursor: leases.take(cursor, "other", 60)) == Lease(2, 0, 1)
    other.close()


def test_a_holder_that_came_a_moment_ago_is_seen(stream_settings: Settings) -> None:
    """Postgres shows a transaction the sessions that there were when it first looked."""
    first = Database(stream_settings, "first", lambda: False)
    second = Database(stream_settings, "second", lambda: False)

    def look_and_take_too_late(cursor: Cursor) -> Lease | None:
        cursor.execute("select count(*) from pg_stat_activity")
        assert first.run(lambda cursor: leases.take(cursor, "first", 60))
        return leases.take(cursor, "second", 60)

    assert second.run(look_and_take_too_late) is None
    first.close()
    second.close()


def test_hand_made_offsets_are_noticed_before_anything_is_read(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    ledger.rows(
        "update raw.stream_offsets set next_offset = 5 where kafka_partition = 0 returning 1"
    )
    publish([(1, order(2))])
    with pytest.raises(StreamError, match=r"partition 0: .* at 5, but the broker has 0 to 1"):
        until_caught_up(stream_settings)
