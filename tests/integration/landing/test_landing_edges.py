"""What only shows at the edges: a late release, an offset that is gone between check and read."""

import pytest
from landing_support import Ledger, Publish, order

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.source import Source
from fraud_stream.consumer.waiting import Database

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
