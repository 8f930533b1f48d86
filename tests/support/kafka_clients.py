"""What a login can do in Kafka, found out by doing it."""

import time
from collections.abc import Mapping
from uuid import uuid4

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage] - confluent_kafka has it without naming it

PATIENCE_SECONDS = 60.0


def writes(client: Mapping[str, str], topic: str) -> bool:
    """Whether the broker takes a message; False when it refuses, and any other error is raised."""
    answers: list[KafkaError | None] = []
    producer = Producer({**client, "acks": "all", "log_level": 0})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: answers.append(error))
    assert not producer.flush(PATIENCE_SECONDS)
    return _allowed(answers[0])


def reads(client: Mapping[str, str], topic: str) -> bool:
    """Whether the broker gives the topic's first message."""
    consumer = Consumer({**client, "group.id": f"test-{uuid4()}", "log_level": 0})
    try:
        seen = consumer.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic]
        if not _allowed(seen.error):
            return False
        consumer.assign([TopicPartition(topic, 0, 0)])
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            message = consumer.poll(1)
            # An error about the group, which is not what is tried here, names no topic.
            if message is not None and (message.topic() == topic or _is_of_topic(message.error())):
                return _allowed(message.error())
        raise AssertionError(f"no answer about {topic}")
    finally:
        consumer.close()


def commits(client: Mapping[str, str], topic: str, group: str) -> bool:
    """Whether the group may note how far it is."""
    admin = AdminClient({**client, "log_level": 0})
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 1)])
    (answer,) = admin.alter_consumer_group_offsets([asked]).values()
    try:
        answer.result(PATIENCE_SECONDS)
    except KafkaException as error:
        return _allowed(error.args[0])
    return True


def _is_of_topic(error: KafkaError | None) -> bool:
    return error is not None and error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def _allowed(error: KafkaError | None) -> bool:
    if error is None:
        return True
    refusals = {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
    if error.code() in refusals:
        return False
    raise KafkaException(error)
