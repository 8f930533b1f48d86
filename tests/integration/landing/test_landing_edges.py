"""What only shows at the edges: a late release, an offset that is gone between check and read."""

from contextlib import closing

import pytest
from landing_support import Ledger, Publish, eventually, order

from fraud_core.database import connect
from fraud_core.errors import StreamError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.source import Source
from fraud_stream.consumer.waiting import Database, WaitingEndedError

pytestmark = pytest.mark.integration


def test_a_late_release_does_not_take_the_lease_from_its_new_holder(
    stream_settings: Settings, ledger: Ledger
) -> None:
    database = Database(stream_settings, "first", lambda: False)
    first = database.run(lambda cursor: leases.take(cursor, "first", 0))
    assert first
    database.close()
    other = Database(stream_settings, "second", lambda: False)
    assert other.run(lambda cursor: leases.take(cursor, "second", 60))
    other.run(lambda cursor: leases.release(cursor, first))
    other.close()
    assert ledger.holder() == "second"


def test_who_takes_a_free_lease_ends_no_session_without_a_name(stream_settings: Settings) -> None:
    nameless = connect(stream_settings, Role.CONSUMER, application="")
    database = Database(stream_settings, "owner", lambda: False)
    for _ in range(2):
        lease = database.run(lambda cursor: leases.take(cursor, "owner", 60))
        assert lease
        database.run(lambda cursor, lease=lease: leases.release(cursor, lease))
    database.close()
    with closing(nameless), nameless.cursor() as cursor:
        cursor.execute("show application_name")
        assert cursor.fetchall() == [("",)]


def test_a_wait_for_a_lock_that_was_given_up_ends_in_the_server(
    stream_settings: Settings, ledger: Ledger
) -> None:
    settings = stream_settings.model_copy(update={"consumer_lease_seconds": 1})
    impatient = Database(settings, "impatient", lambda: True)
    sessions = "select count(*) from pg_stat_activity where application_name = 'impatient'"
    with (
        closing(connect(settings, Role.OWNER, application="holder")) as holder,
        holder,
        holder.cursor() as cursor,
    ):
        cursor.execute("lock table raw.stream_offsets")
        with pytest.raises(WaitingEndedError):
            impatient.run(lambda cursor: cursor.execute("select from raw.stream_offsets"))
        impatient.close()
        eventually("nobody waits any more", lambda: ledger.value(sessions) == 0)


def test_an_offset_that_the_log_lost_after_it_was_checked_is_not_replaced_by_another(
    stream_settings: Settings, publish: Publish
) -> None:
    publish([(0, order(1))])
    partition = (stream_settings.kafka_topic_transactions, 0)
    source = Source({"bootstrap.servers": stream_settings.bootstrap_servers()}, {partition: 1_000})
    with pytest.raises(StreamError, match="reading is to go on at 1000"):
        for _ in range(100):
            source.fetch(rows=10, linger_ms=5, idle_seconds=0.5)
    source.close()
