"""How many messages of the stream have not landed yet."""

from contextlib import closing

import psycopg2
from confluent_kafka import KafkaException

from fraud_core.database import connect
from fraud_core.errors import SettingsError, StreamError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.ledger import stored_positions
from fraud_stream.consumer.log import stream_log
from fraud_stream.consumer.progress import behind

_ANSWER_S = 3


def consumer_lag(settings: Settings) -> int | None:
    """Messages between the stored offsets and the ends, or None when a side does not answer.

    Postgres's offsets count, not those committed to Kafka: they are the truth.
    """
    try:
        log = stream_log(settings).look(_ANSWER_S)
        with (
            closing(connect(settings, Role.DBT, application="fraud-status")) as connection,
            connection.cursor() as cursor,
        ):
            return sum(behind(stored_positions(cursor, log.topic_ids), log).values())
    except (psycopg2.Error, KafkaException, SettingsError, StreamError):
        return None
