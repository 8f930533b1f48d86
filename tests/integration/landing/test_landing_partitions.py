"""Landed rows are kept in ranges of ingest_id; an order's id is kept for ever."""

from contextlib import closing

import pytest
from landing_support import Ledger, Publish, order

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.partitions import AHEAD, Room
from fraud_stream.consumer.waiting import Database

pytestmark = pytest.mark.integration


@pytest.fixture
def bound(ledger: Ledger) -> int:
    """The first ingest_id that no partition is there for."""
    return ledger.value("select raw.ensure_partitions(0)")


def start_after(ledger: Ledger, ingest_id: int) -> None:
    """As if so much had landed before."""
    ledger.rows(
        "insert into raw.scorer_lease values ('scorer', 0, '', to_timestamp(0), %s) returning 1",
        ingest_id,
    )


def test_landing_goes_on_over_the_bound_of_the_last_partition(
    stream_settings: Settings, publish: Publish, ledger: Ledger, bound: int
) -> None:
    start_after(ledger, bound - 10)
    publish((0, order(n)) for n in range(30))
    assert until_caught_up(stream_settings).landed == 30
    assert ledger.rows(
        "select max(ingest_id) from raw.transactions_stream union all "
        "select max(ingest_id) from raw.transaction_decisions"
    ) == [(bound + 20,), (bound + 20,)]


def test_new_partitions_are_analyzed_by_few_rows(ledger: Ledger, bound: int) -> None:
    ledger.value("select raw.ensure_partitions(%s)", bound)
    assert ledger.rows(
        "select distinct inhparent::regclass::text, attstattarget from pg_inherits "
        "inner join pg_attribute on attrelid = inhrelid where attnum > 0 and inhparent in "
        "('raw.transactions_stream'::regclass, 'raw.transaction_decisions'::regclass) order by 1"
    ) == [("raw.transaction_decisions", 10), ("raw.transactions_stream", 10)]


def test_a_long_read_does_not_keep_partitions_from_being_made(
    settings: Settings, bound: int
) -> None:
    database = Database(settings, "tests", lambda: False)
    with closing(connect(settings, Role.DBT, application="a long read")) as reader:
        reader.cursor().execute("select count(*) from raw.transactions_stream")
        Room(database).make(bound)
        with reader.cursor() as cursor:
            cursor.execute(
                "select count(*) from pg_locks where mode = 'AccessShareLock' "
                "and pid = pg_backend_pid() and relation = 'raw.transactions_stream'::regclass"
            )
            assert cursor.fetchall() == [(1,)]
    database.close()


def test_maintenance_of_the_table_does_not_stall_landing_while_there_is_room(
    settings: Settings, bound: int
) -> None:
    database = Database(settings, "tests", lambda: False)
    room = Room(database)
    room.make(bound - 2 * AHEAD)
    with closing(connect(settings, Role.OWNER, application="maintenance")) as owner:
        owner.cursor().execute("lock table raw.transactions_stream in share update exclusive mode")
        room.make(bound - AHEAD + 1)
    room.make(bound)
    database.close()


def test_a_read_above_an_ingest_id_leaves_older_partitions_alone(ledger: Ledger) -> None:
    plan = ledger.rows(
        "explain select * from raw.transactions_stream where ingest_id > 1000000 order by ingest_id"
    )
    text = " ".join(line for (line,) in plan)
    assert "transactions_stream_1" in text
    assert "transactions_stream_0" not in text


def test_an_order_whose_payload_was_let_go_is_still_known(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    ledger.rows("delete from raw.transactions_stream returning 1")
    publish([(0, order(1)), (0, order(1, amount=99.0))])
    done = until_caught_up(stream_settings)
    assert (done.landed, done.duplicates, done.dead) == (0, 2, 0)


def test_the_same_id_cannot_land_twice_whatever_the_partition(
    stream_settings: Settings, publish: Publish, ledger: Ledger, bound: int
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    ledger.rows("update raw.scorer_lease set last_ingest_id = %s returning 1", bound - 1)
    publish([(0, order(1)), (0, order(2))])
    done = until_caught_up(stream_settings)
    assert (done.landed, done.duplicates) == (1, 1)
    assert ledger.rows("select transaction_id, ingest_id from raw.transaction_keys order by 2") == [
        ("t-1", 1),
        ("t-2", bound),
    ]


def test_flagged_orders_are_put_out_in_the_landing_itself(
    stream_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish((0, order(n, is_vpn=True, is_guest=True, amount=5_000.0)) for n in range(20))
    flagged = until_caught_up(stream_settings).flagged
    assert flagged > 0
    assert ledger.rows("select ingest_id from raw.flagged_outbox order by 1") == ledger.rows(
        "select ingest_id from raw.transaction_decisions where outcome <> 'approve' order by 1"
    )
    assert ledger.value("select count(*) from raw.flagged_outbox") == flagged


def test_an_order_of_more_than_two_kilobytes_stays_as_it_came_in_old_and_new_partitions(
    stream_settings: Settings, publish: Publish, ledger: Ledger, bound: int
) -> None:
    start_after(ledger, bound - 2)
    publish((0, order(n, referrer_url="https://a.example/" + "a" * 1_900)) for n in range(2))
    assert until_caught_up(stream_settings).landed == 2
    assert ledger.rows(
        "select ingest_id, pg_column_compression(payload) from raw.transactions_stream order by 1"
    ) == [(bound - 1, None), (bound, None)]
