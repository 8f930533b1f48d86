"""What tests of delivery share: rows as a landing leaves them, and what arrives on a topic."""

import hashlib
import json
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_core.alerts import EVENT_ID
from fraud_core.database import connect
from fraud_core.settings import Role, Settings

PATIENCE_SECONDS = 60.0
QUIET_SECONDS = 1.0
LANDED_AT = datetime(2026, 1, 1, 12, tzinfo=UTC)

REASON = {
    "rule": "amount_spike",
    "factor": "amount",
    "weight": 0.7,
    "sentence": "unusual",
    "values": {"amount": 999.0},
    "contribution": 0.7,
}


@contextmanager
def transaction(settings: Settings) -> Generator[Cursor]:
    """The owner's, committed at the end."""
    with (
        closing(connect(settings, Role.OWNER, application="tests")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        yield cursor


def customer(ingest_id: int) -> str:
    """Seven customers take turns."""
    return f"c-{ingest_id % 7}"


def land_flagged(settings: Settings, ids: Iterable[int], **decision: Any) -> None:
    """Orders that were flagged, in one transaction, as a landing writes them."""
    values = {"outcome": "review", "score": 0.7, "reasons": [REASON], "lists": [], **decision}
    ids = list(ids)
    with transaction(settings) as cursor:
        execute_values(
            cursor,
            "insert into raw.transactions_stream values %s",
            [
                (i, "orders", i % 3, i, f"t-{i}", customer(i), LANDED_AT, LANDED_AT, "{}")
                for i in ids
            ],
        )
        execute_values(
            cursor,
            "insert into raw.transaction_decisions values %s",
            [
                (
                    *(i, f"t-{i}", "rules-1", "lists-1", values["outcome"], values["score"]),
                    *("hold", json.dumps({"amount": 0.7, "velocity": None})),
                    *(json.dumps(values["reasons"]), "{}", "[]", "[]", "[]"),
                    *(json.dumps(values["lists"]), LANDED_AT),
                )
                for i in ids
            ],
        )
        execute_values(cursor, "insert into raw.flagged_outbox values %s", [(i,) for i in ids])


def land_dead(
    settings: Settings, value: bytes | None, *, kept: int | None = None, **changes: Any
) -> int:
    """A dead letter of which the first `kept` bytes are kept; returns its id."""
    row: dict[str, Any] = {
        "topic": settings.kafka_topic_transactions,
        "kafka_partition": 0,
        "kafka_offset": 0,
        "reason": "not_json",
        "detail": "malformed",
        "key": b"c-1",
        "value": None if value is None else value[:kept],
        "value_length": None if value is None else len(value),
        "value_sha256": None if value is None else hashlib.sha256(value).hexdigest(),
        "headers": json.dumps([]),
        "received_at": LANDED_AT,
        "landed_at": LANDED_AT,
        "code_version": "1.2.3",
        **changes,
    }
    with transaction(settings) as cursor:
        cursor.execute("select count(*) from raw.dead_letters")
        if "kafka_offset" not in changes:
            row["kafka_offset"] = cursor.fetchall()[0][0]
        cursor.execute(
            f"insert into raw.dead_letters ({', '.join(row)}) "
            f"values ({', '.join(['%s'] * len(row))}) returning dead_letter_id",
            list(row.values()),
        )
        return cursor.fetchall()[0][0]


def position(settings: Settings, channel: str) -> int:
    """How far the channel was published."""
    with transaction(settings) as cursor:
        cursor.execute(
            "select coalesce(max(last_id), 0) from raw.publication_positions where channel = %s",
            (channel,),
        )
        return cursor.fetchall()[0][0]


def arrived(settings: Settings, topic: str, count: int) -> list[Message]:
    """The first `count` messages of the topic, and whatever else is there by then."""
    found: list[Message] = []
    until = time.monotonic() + PATIENCE_SECONDS
    with closing(_reader(settings, topic)) as consumer:
        while len(found) < count:
            found += consumer.consume(500, 0.2)
            if time.monotonic() > until:
                pytest.fail(f"{len(found)} of {count} messages arrived on {topic}")
        while more := consumer.consume(500, QUIET_SECONDS):
            found += more
    assert [message.error() for message in found if message.error()] == []
    return found


def _reader(settings: Settings, topic: str) -> Consumer:
    consumer = Consumer(
        {"bootstrap.servers": settings.bootstrap_servers(), "group.id": "tests", "log_level": 0}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in _partitions(consumer, topic)])
    return consumer


def _partitions(consumer: Consumer, topic: str) -> list[int]:
    """A broker knows the leaders of a new topic only after a moment."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = consumer.list_topics(topic, PATIENCE_SECONDS).topics[topic]
        if found.partitions and all(part.leader >= 0 for part in found.partitions.values()):
            return list(found.partitions)
        time.sleep(0.1)
    pytest.fail(f"topic {topic} never had leaders")


def headers(message: Message) -> Mapping[str, str]:
    """As text."""
    found = message.headers() or []
    return {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in found
    }


def event_id(message: Message) -> str:
    """What a receiver drops repetitions by."""
    return headers(message)[EVENT_ID]
