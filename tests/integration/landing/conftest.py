"""Fixtures of the landing tests, on a new topic and empty tables each."""

from collections.abc import Generator, Iterable
from datetime import datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer
from landing_support import (
    PATIENCE_SECONDS,
    START,
    ConsumerProcess,
    Ledger,
    Message,
    Publish,
    StartConsumer,
    key_of,
)
from snapshot_support import Knowledge, PublishLabel

from fraud_core.settings import Settings
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up


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


@pytest.fixture
def knowledge(stream_settings: Settings) -> Generator[Knowledge]:
    knowledge = Knowledge(stream_settings)
    yield knowledge
    knowledge.database.close()


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
