"""An erasure beside a consumer at work, and a replay of the customer's messages after it."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Producer
from erasure_support import AMOUNTS, CANARIES, PERSONAL, VICTIM, Platform
from landing_support import ConsumerProcess, eventually
from warehouse_orders import plain_order

from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult
from fraud_local.topics import make_topics

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

PATIENCE_SECONDS = 300.0
"""Until a consumer has started, or started anew, beside whatever else the machine does."""

Send = Callable[[list[dict[str, Any]]], None]

HIS = [plain_order(**PERSONAL, event_time=f"2026-03-01T00:{n:02}:00Z") for n in range(12)]
"""Close enough together to be flagged, so that rules quote him and alerts are sent."""

BROKEN = {**HIS[0], "transaction_id": "kanarie-broken", "amount": "none"}
NEVER_LANDED = plain_order(**PERSONAL, event_time="2026-03-01T01:00:00Z")
OTHERS = [plain_order(customer_id=f"c{n}", device_id="d1") for n in range(8)]


@pytest.fixture(scope="module")
def streaming(warehouse: Settings) -> Settings:
    """Settings of the warehouse with topics of its own."""
    topic = f"erasure-{uuid4()}"
    own = warehouse.model_copy(
        update={
            "kafka_topic_transactions": topic,
            "kafka_topic_labels": f"{topic}-labels",
            "kafka_topic_flagged": f"{topic}-flagged",
            "kafka_topic_dead_letter": f"{topic}-dead-letters",
        }
    )
    names = (own.kafka_topic_labels, own.kafka_topic_flagged, own.kafka_topic_dead_letter)
    make_topics(own.bootstrap_servers(), [topic, *names], own.kafka_partitions)
    return own


@pytest.fixture(scope="module")
def platform(streaming: Settings) -> Platform:
    return Platform(streaming)


@pytest.fixture(scope="module")
def send(streaming: Settings) -> Send:
    def run(orders: list[dict[str, Any]]) -> None:
        producer = Producer({"bootstrap.servers": streaming.bootstrap_servers(), "acks": "all"})
        for order in orders:
            producer.produce(
                streaming.kafka_topic_transactions, json.dumps(order), order["customer_id"]
            )
        assert not producer.flush(60)

    return run


@pytest.fixture(scope="module")
def _at_work(streaming: Settings, tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    log: Path = tmp_path_factory.mktemp("consumer") / "log"
    consumer = ConsumerProcess(streaming, log)
    yield
    assert not consumer.has_ended(), log.read_text()[-2000:]
    consumer.end()


@pytest.mark.usefixtures("_at_work")
def test_an_erasure_beside_the_consumer_lasts_when_all_his_messages_come_again(
    platform: Platform, send: Send, build_models: Callable[..., BuildResult]
) -> None:
    def wait_for(orders: int, dead: int) -> None:
        counts = (
            "select (select count(*) from raw.transactions_stream),"
            " (select count(*) from raw.dead_letters)"
        )
        eventually(
            f"{orders} orders and {dead} dead letters",
            lambda: platform.ask(counts) == [(orders, dead)],
            PATIENCE_SECONDS,
        )

    send([*HIS, BROKEN, *OTHERS])
    wait_for(20, 1)
    build_models()
    everywhere = platform.found(CANARIES)
    sums = platform.ask(AMOUNTS, role=Role.DBT)

    done = platform.erase(VICTIM)

    assert {"raw.transactions_stream", "raw.dead_letters"} <= set(everywhere)
    assert platform.ask("select count(*) > 0 from raw.flagged_outbox") == [(True,)]
    assert platform.found(CANARIES) == []
    after = plain_order(customer_id="c1")
    send([*HIS, NEVER_LANDED, after])
    wait_for(21, 2)
    build_models()
    assert platform.found(CANARIES) == []
    assert platform.ask("select count(*) from raw.duplicate_transactions") == [(12,)]
    assert platform.ask("select reason, value from raw.dead_letters order by 1") == [
        ("erased", None),
        ("wrong_type", None),
    ]
    assert platform.ask("select erased_id, counts from raw.erasures") == [
        (done.erased_id, done.counts)
    ]
    without = f"where transaction_id <> '{after['transaction_id']}' group by"
    assert platform.ask(AMOUNTS.replace("group by", without), role=Role.DBT) == sums
