"""Fixtures of the landing tests, on a new topic and empty tables each."""

from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from confluent_kafka import Producer
from landing_support import (
    PATIENCE_SECONDS,
    ConsumerProcess,
    Ledger,
    Message,
    Publish,
    StartConsumer,
    key_of,
)

from fraud_core.settings import Settings


@pytest.fixture
def ledger(stream_settings: Settings) -> Ledger:
    return Ledger(stream_settings)


@pytest.fixture
def publish(stream_settings: Settings) -> Publish:
    """Sends values, keyed by customer, to partitions; returns how many once the broker has them."""

    def send(messages: Iterable[Message]) -> int:
        producer = Producer(
            {"bootstrap.servers": stream_settings.bootstrap_servers(), "enable.idempotence": True}
        )
        count = 0
        for partition, value in messages:
            producer.produce(
                stream_settings.kafka_topic_transactions, value, key_of(value), partition=partition
            )
            count += 1
            if not count % 1000:
                producer.poll(0)
        assert not producer.flush(PATIENCE_SECONDS)
        return count

    return send


@pytest.fixture
def start_consumer(tmp_path: Path) -> Generator[StartConsumer]:
    """Starts consumers that are ended with the test."""
    started: list[ConsumerProcess] = []

    def start(settings: Settings) -> ConsumerProcess:
        started.append(ConsumerProcess(settings, tmp_path / f"consumer-{len(started)}.log"))
        return started[-1]

    yield start
    for process in started:
        process.end()
