"""Producing onto a real broker: what is reported is what is on the topics."""

from collections import Counter
from random import Random
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_stream.producer.run import ProduceSummary, produce_orders, produce_simulation
from fraud_stream.producer.simulation import Wishes
from fraud_stream.producer.sinks import KafkaSink

pytestmark = pytest.mark.integration


@pytest.fixture
def new_topics(settings: Settings) -> Settings:
    """Topics of our own, which the producer makes."""
    return settings.model_copy(
        update={
            "kafka_topic_transactions": f"orders-{uuid4()}",
            "kafka_topic_labels": f"labels-{uuid4()}",
        }
    )


def on_topic(settings: Settings, topic: str) -> int:
    """Messages on the topic, by its own offsets."""
    consumer = Consumer({"bootstrap.servers": settings.bootstrap_servers(), "group.id": "count"})
    partitions = consumer.list_topics(topic, 10).topics[topic].partitions
    marks = [consumer.get_watermark_offsets(TopicPartition(topic, p), 10) for p in partitions]
    consumer.close()
    return sum(mark[1] - mark[0] for mark in marks if mark)


def messages(settings: Settings, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    consumer = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers(),
            "group.id": str(uuid4()),
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    wanted, found = on_topic(settings, topic), []
    while len(found) < wanted:
        found += [(m.key(), m.value()) for m in consumer.consume(500, 10)]
    consumer.close()
    return found


def test_every_order_and_label_reported_is_on_its_topic(new_topics: Settings) -> None:
    summary = produce_orders(new_topics, orders=20_000, seed=3)
    assert summary.acknowledged == summary.produced == 20_000
    assert on_topic(new_topics, new_topics.kafka_topic_transactions) == 20_000
    assert on_topic(new_topics, new_topics.kafka_topic_labels) == summary.labels > 0


def test_repeated_and_broken_messages_are_on_the_topic_as_counted(new_topics: Settings) -> None:
    wishes = Wishes(orders=2_000, seed=4, duplicates=0.05, malformed=0.05, shuffle=60)
    summary: ProduceSummary = produce_simulation(wishes, KafkaSink(new_topics))
    found = messages(new_topics, new_topics.kafka_topic_transactions)
    assert summary.produced == summary.acknowledged == len(found)
    assert summary.orders == 2_000
    values = Counter(value for _, value in found if value)
    repeated = sum(count - 1 for value, count in values.items() if value.startswith(b'{"schema'))
    assert repeated == summary.duplicates > 0


def test_a_message_that_cannot_be_delivered_is_counted_and_the_others_arrive(
    new_topics: Settings,
) -> None:
    larger_than_the_broker_takes = Random(1).randbytes(5_000_000)
    with KafkaSink(new_topics) as sink:
        sink.send([(b"c", b"good"), (b"c", larger_than_the_broker_takes), (b"c", b"good too")], [])
    assert (sink.orders.sent, sink.orders.acknowledged, sink.orders.failed) == (3, 2, 1)
    assert sum(sink.orders.errors.values()) == 1
    assert on_topic(new_topics, new_topics.kafka_topic_transactions) == 2


def test_orders_of_one_customer_share_a_partition(new_topics: Settings) -> None:
    produce_orders(new_topics, orders=2_000, seed=5)
    consumer = Consumer(
        {
            "bootstrap.servers": new_topics.bootstrap_servers(),
            "group.id": str(uuid4()),
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([new_topics.kafka_topic_transactions])
    seen: dict[bytes, set[int | None]] = {}
    count = 0
    while count < 2_000:
        for message in consumer.consume(500, 10):
            seen.setdefault(message.key() or b"", set()).add(message.partition())
            count += 1
    consumer.close()
    assert all(len(partitions) == 1 for partitions in seen.values())


def test_without_a_broker_the_address_and_the_way_out_are_named(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:9"})
    with pytest.raises(StreamError, match=r"127\.0\.0\.1:9.*fraud up"):
        produce_orders(nowhere, orders=10)
