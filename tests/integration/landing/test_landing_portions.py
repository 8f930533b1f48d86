"""A batch is sorted out and scored in portions; what it comes to is that of one whole."""

from collections.abc import Iterable

import pytest
from confluent_kafka import Producer
from landing_support import Ledger, key_of, order

from fraud_core.settings import Settings
from fraud_stream.consumer import breaker, scored
from fraud_stream.consumer.batch import BreakerState
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.waiting import Database

pytestmark = pytest.mark.integration

NOW_MS = 1_767_225_600_000


@pytest.fixture(autouse=True)
def _of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored, "PORTION", 1)


def publish_apart(settings: Settings, values: Iterable[bytes]) -> None:
    """Each a millisecond after the one before it, so that no portion holds two of them."""
    producer = Producer({"bootstrap.servers": settings.bootstrap_servers()})
    for at, value in enumerate(values, NOW_MS):
        producer.produce(
            settings.kafka_topic_transactions, value, key_of(value), partition=0, timestamp=at
        )
    assert not producer.flush(60)


def test_an_id_is_known_from_one_portion_to_the_next(
    stream_settings: Settings, ledger: Ledger
) -> None:
    publish_apart(stream_settings, [order(1), order(2), order(1), order(1, amount=99.0), order(3)])
    done = until_caught_up(stream_settings)
    assert (done.landed, done.duplicates, done.dead) == (3, 1, 1)
    ids = ledger.rows("select transaction_id from raw.transactions_stream order by ingest_id")
    assert ids == [("t-1",), ("t-2",), ("t-3",)]
    assert ledger.value("select kafka_offset from raw.duplicate_transactions") == 2
    assert ledger.value("select kafka_offset from raw.dead_letters") == 3


def test_an_order_is_scored_on_the_portions_before_it(
    stream_settings: Settings, ledger: Ledger
) -> None:
    publish_apart(stream_settings, [order(n, customer_id="c") for n in range(3)])
    until_caught_up(stream_settings)
    decisions = ledger.decisions()
    assert '"customer_orders_1h": 1' in decisions["t-1"][-1]
    assert '"customer_orders_1h": 2' in decisions["t-2"][-1]


@pytest.mark.parametrize(
    ("values", "in_a_row"),
    [([b"{"] * 4, 4), ([b"{", order(1), b"{", b"{"], 2), ([b"{", b"{", order(1)], 0)],
)
def test_what_is_bad_in_a_row_is_counted_over_portions(
    stream_settings: Settings, values: list[bytes], in_a_row: int
) -> None:
    publish_apart(stream_settings, values)
    until_caught_up(stream_settings)
    database = Database(stream_settings, "look", lambda: False)
    assert database.run(breaker.stored_state) == BreakerState(in_a_row, tripped=False)
    database.close()
