"""How many messages of the orders' topic have not landed yet."""

from contextlib import closing
from typing import cast

import psycopg2
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec  # pyright: ignore[reportPrivateImportUsage] - documented there

from fraud_core.database import connect
from fraud_core.errors import SettingsError
from fraud_core.settings import Role, Settings
from fraud_local.topics import admin_client

_ANSWER_S = 3

_STORED = "select kafka_partition, next_offset from raw.stream_offsets where topic = %s"


def consumer_lag(settings: Settings) -> int | None:
    """Messages between the stored offsets and the ends, or None when a side does not answer.

    Postgres's offsets count, not those committed to Kafka: they are the truth.
    """
    try:
        stored = _stored(settings)
        first, end = _log(settings)
    except (psycopg2.Error, KafkaException, SettingsError):
        return None
    return sum(offset - stored.get(part, first[part]) for part, offset in end.items())


def _stored(settings: Settings) -> dict[int, int]:
    with (
        closing(connect(settings, Role.DBT, application="fraud-status")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_STORED, (settings.kafka_topic_transactions,))
        return dict(cursor.fetchall())


def _log(settings: Settings) -> tuple[dict[int, int], dict[int, int]]:
    """First and next offset of each partition, as the broker has them."""
    topic = settings.kafka_topic_transactions
    admin = admin_client(settings.bootstrap_servers())
    partitions = admin.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions
    places = [TopicPartition(topic, number) for number in partitions]

    def offsets(spec: OffsetSpec) -> dict[int, int]:
        answers = admin.list_offsets(dict.fromkeys(places, spec), request_timeout=_ANSWER_S)
        return {place.partition: answers[place].result().offset for place in places}

    # Made when the library is imported, which its types do not say.
    return offsets(cast(OffsetSpec, OffsetSpec.earliest())), offsets(
        cast(OffsetSpec, OffsetSpec.latest())
    )
