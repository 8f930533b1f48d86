"""The marts' sums are those that a plain reading of the topic comes to, to the last digit."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition
from warehouse_orders import ORDERS

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import build
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.producer.run import produce_simulation
from fraud_stream.producer.simulation import Wishes
from fraud_stream.producer.sinks import KafkaSink

pytestmark = [pytest.mark.integration, pytest.mark.timeout(7200)]

Sums = dict[tuple[Any, ...], tuple[Any, ...]]
FOUR_DECIMALS = Decimal("0.0001")
SUMMED = (
    *("transaction_id", "customer_id", "event_time", "currency", "amount", "discount_amount"),
    *("transaction_type", "transaction_status", "items"),
)
"""What is kept of each order: all of a million would take gigabytes."""


@pytest.fixture(scope="module")
def streamed(warehouse: Settings) -> Settings:
    """Settings of a warehouse into which a seeded stream, some of it sent twice, was built."""
    topic = f"sums-{uuid4()}"
    own = warehouse.model_copy(
        update={
            "kafka_topic_transactions": topic,
            "kafka_topic_labels": f"{topic}-labels",
            "kafka_topic_flagged": f"{topic}-flagged",
            "kafka_topic_dead_letter": f"{topic}-dead-letters",
        }
    )
    names = (topic, own.kafka_topic_labels)
    make_topics(own.bootstrap_servers(), names, own.kafka_partitions)
    wishes = Wishes(orders=ORDERS, seed=11, duplicates=0.02, shuffle=3_600)
    produce_simulation(wishes, KafkaSink(own))
    until_caught_up(own, timeout_seconds=3_600)
    result = build(own)
    assert result.is_good, result.problems
    return own


@pytest.fixture(scope="module")
def orders(streamed: Settings) -> list[dict[str, Any]]:
    """What is summed of every order of the topic once, its numbers as they are written."""
    found: dict[str, dict[str, Any]] = {}
    for value in _values(streamed):
        order = json.loads(value, parse_float=Decimal, parse_int=Decimal)
        summed = {name: order[name] for name in SUMMED if name in order}
        found.setdefault(order["transaction_id"], summed)
    return list(found.values())


def _values(settings: Settings) -> Iterator[bytes]:
    consumer = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers(),
            "group.id": "sums",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    partitions = range(settings.kafka_partitions)
    consumer.assign([TopicPartition(settings.kafka_topic_transactions, p, 0) for p in partitions])
    ended = 0
    while ended < len(partitions):
        for message in consumer.consume(1_000, timeout=5):
            if message.error() is not None:
                ended += 1
            else:
                yield message.value() or b""
    consumer.close()


def _asked(settings: Settings, query: str, keys: int) -> Sums:
    with closing(connect(settings, Role.ANALYST, application="tests")) as analyst:
        cursor = analyst.cursor()
        cursor.execute(query)
        return {row[:keys]: row[keys:] for row in cursor.fetchall()}


def _day(order: dict[str, Any]) -> date:
    return datetime.fromisoformat(order["event_time"]).astimezone(UTC).date()


def _is_completed(order: dict[str, Any]) -> bool:
    return (
        order.get("transaction_type") != "refund" and order.get("transaction_status") != "declined"
    )


def test_orders_and_amounts_a_day_and_currency_are_those_of_the_topic(
    streamed: Settings, orders: list[dict[str, Any]]
) -> None:
    expected: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, 0])
    for order in orders:
        sums = expected[_day(order), order["currency"]]
        sums[0] += 1
        sums[1] += order["amount"]
        sums[2] += order.get("discount_amount", 0)

    found = _asked(
        streamed,
        "select order_date, currency, count(*), sum(amount), sum(discount_amount)"
        " from marts.fct_transactions group by 1, 2",
        2,
    )

    assert len(orders) == ORDERS
    assert found == {key: tuple(sums) for key, sums in expected.items()}


def test_reported_amounts_are_the_orders_amounts_by_the_rates_of_the_seed(
    streamed: Settings, orders: list[dict[str, Any]]
) -> None:
    with (streamed.fraud_project / "dbt/seeds/exchange_rates.csv").open() as file:
        rates = {row["currency"]: Decimal(row["units_per_euro"]) for row in csv.DictReader(file)}
    reported = sum(
        (order["amount"] / rates[order["currency"]]).quantize(FOUR_DECIMALS, ROUND_HALF_UP)
        for order in orders
    )

    query = "select 'all', sum(amount_reporting) from marts.fct_transactions"

    assert _asked(streamed, query, 1) == {("all",): (reported,)}


def test_pieces_and_their_worth_a_product_are_those_of_the_baskets(
    streamed: Settings, orders: list[dict[str, Any]]
) -> None:
    expected: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0])
    for order in orders:
        for line in order.get("items", ()):
            sums = expected[line["product_id"], order["currency"]]
            sums[0] += line["quantity"]
            sums[1] += line["quantity"] * line["unit_price"]

    found = _asked(
        streamed,
        "select product_id, currency, sum(quantity), sum(line_amount)"
        " from marts.fct_transaction_items group by 1, 2",
        2,
    )

    assert expected
    assert found == {key: tuple(sums) for key, sums in expected.items()}


def test_a_customers_summary_counts_the_customers_orders(
    streamed: Settings, orders: list[dict[str, Any]]
) -> None:
    expected: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, defaultdict(int)])
    for order in orders:
        sums = expected[(order["customer_id"],)]
        sums[0] += 1
        is_purchase = order.get("transaction_type") != "refund"
        sums[1][order["currency"]] += order["amount"] if is_purchase else 0

    found = _asked(
        streamed,
        "select customer_id, transaction_count, amounts_by_currency"
        " from marts.vw_customer_fraud_summary",
        1,
    )

    assert {key: row[0] for key, row in found.items()} == {k: s[0] for k, s in expected.items()}
    exact = {key: {c: Decimal(str(v)) for c, v in row[1].items()} for key, row in found.items()}
    assert exact == {key: dict(sums[1]) for key, sums in expected.items()}


def test_the_revenue_of_all_days_is_that_of_the_completed_purchases(
    streamed: Settings, orders: list[dict[str, Any]]
) -> None:
    expected: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, 0])
    for order in orders:
        sums = expected[(order["currency"],)]
        sums[0] += 1
        if _is_completed(order):
            sums[1] += 1
            sums[2] += order["amount"]

    found = _asked(
        streamed,
        "select currency, sum(order_count), sum(sale_count), sum(gmv)"
        " from marts.mart_revenue_daily group by 1",
        1,
    )

    assert found == {key: tuple(sums) for key, sums in expected.items()}
