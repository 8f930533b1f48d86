"""A burst waits for the partitions that have nothing yet, live orders wait for nobody."""

import threading
from collections.abc import Generator
from contextlib import closing, contextmanager

import pytest
from confluent_kafka import Producer
from landing_support import PATIENCE_SECONDS, order

from fraud_core.settings import Settings
from fraud_stream.consumer import source as reading
from fraud_stream.consumer.batch import Batch
from fraud_stream.consumer.source import BURST_ROWS, Source

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

FOR_EVER = 10_000.0
SENT = 1_767_225_600_000


def send(settings: Settings, partition: int, times: range) -> None:
    """One record for each time, in milliseconds after SENT."""
    producer = Producer({"bootstrap.servers": settings.bootstrap_servers()})
    for at in times:
        producer.produce(
            settings.kafka_topic_transactions, order(at), partition=partition, timestamp=SENT + at
        )
    assert not producer.flush(PATIENCE_SECONDS)


@contextmanager
def opened(settings: Settings, partitions: int, *, endless: bool = True) -> Generator[Source]:
    topic = settings.kafka_topic_transactions
    with closing(
        Source(
            {"bootstrap.servers": settings.bootstrap_servers()},
            {(topic, partition): 0 for partition in range(partitions)},
            awaited=topic if endless else None,
        )
    ) as source:
        yield source


def fetched(source: Source) -> Batch:
    while not (batch := source.fetch(rows=5_000, linger_ms=50, idle_seconds=0.5)).records:
        pass
    return batch


def partitions_of(batch: Batch) -> list[int | None]:
    return [record.partition() for record in batch.records]


def test_a_burst_waits_for_a_partition_whose_records_are_still_on_their_way(
    stream_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BURST_ALIGN_SECONDS", FOR_EVER)
    send(stream_settings, 0, range(BURST_ROWS))
    with opened(stream_settings, 2) as source:
        late = threading.Timer(0.5, send, (stream_settings, 1, range(-5, BURST_ROWS + 1)))
        late.start()
        found = partitions_of(fetched(source))
        late.join()
    assert found[:5] == [1] * 5
    assert 0 in found


def test_a_partition_that_stays_silent_is_waited_for_once(
    stream_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BURST_ALIGN_SECONDS", 0.01)
    send(stream_settings, 0, range(BURST_ROWS))
    with opened(stream_settings, 2) as source:
        assert set(partitions_of(fetched(source))) == {0}
        monkeypatch.setattr(reading, "BURST_ALIGN_SECONDS", FOR_EVER)
        send(stream_settings, 0, range(BURST_ROWS, 2 * BURST_ROWS))
        assert set(partitions_of(fetched(source))) == {0}


@pytest.mark.parametrize(("records", "endless"), [(BURST_ROWS - 1, True), (BURST_ROWS, False)])
def test_live_orders_and_jobs_that_end_wait_for_no_partition_that_has_nothing(
    stream_settings: Settings, monkeypatch: pytest.MonkeyPatch, records: int, endless: bool
) -> None:
    monkeypatch.setattr(reading, "BURST_ALIGN_SECONDS", FOR_EVER)
    send(stream_settings, 0, range(records))
    with opened(stream_settings, 2, endless=endless) as source:
        assert set(partitions_of(fetched(source))) == {0}
