"""A warehouse of its own for the dbt tests, and orders landed in it as the consumer lands them."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from psycopg2 import sql
from psycopg2.extras import execute_values

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, build, parse

Order = dict[str, Any]

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_SENT = "as_sent"
"""Key of an order under which a test gives the message's text itself."""

ONE_OF_EACH = {
    "customer_email": ["a@example.org", "b@example.org"],
    "customer_phone": ["+49 30 1", "+49 30 2"],
    "customer_name": ["Ann", "Bob"],
    "customer_country": ["DE", "FR", "JP"],
    "account_created_at": ["2025-01-01T00:00:00Z", "2025-06-01T12:30:00.25+02:00"],
    "password_changed_at": ["2026-02-01T00:00:00-05:00"],
    "is_guest": [True, False],
    "device_id": ["d1", "d2", "d3"],
    "device_type": ["phone", "desktop"],
    "device_os": ["android", "linux"],
    "browser": ["firefox", "safari"],
    "merchant_owner_id": ["o1", "o2"],
    "merchant_category": ["shoes", "books"],
    "merchant_country": ["IT", "NL"],
    "transaction_type": ["purchase", "purchase", "refund"],
    "discount_amount": [0.05, 1],
    "items": [[{"product_id": "p", "quantity": 1, "unit_price": 2.5}]],
}
"""Optional fields, each with values that an order of a random history may carry."""


@pytest.fixture(scope="module")
def warehouse(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Generator[Settings]:
    """Settings for a migrated, empty database, in which dbt has built nothing yet."""
    database = f"warehouse_{uuid4().hex}"
    owner = connect(settings, Role.OWNER, application="tests")
    owner.autocommit = True
    with owner.cursor() as cursor:
        cursor.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    own = settings.model_copy(
        update={"postgres_db": database, "fraud_home": tmp_path_factory.mktemp("home")}
    )
    migrate(own)
    yield own
    with owner.cursor() as cursor:
        cursor.execute(sql.SQL("drop database {}").format(sql.Identifier(database)))
    owner.close()


@pytest.fixture(scope="module")
def build_models(warehouse: Settings) -> Callable[..., BuildResult]:
    """Build models without their tests, everything or what is named, and fail when one fails."""
    manifest = parse(warehouse)

    def run(*names: str, full_refresh: bool = False) -> BuildResult:
        result = build(
            warehouse, select=names, full_refresh=full_refresh, data_tests=False, manifest=manifest
        )
        assert result.is_good, result.problems
        return result

    return run


DECISION_COLUMNS = (
    "ingest_id, transaction_id, rule_set_version, outcome, score, factors, reasons, features, "
    "decided_at, lists_version, recommended_action, not_evaluable, shadow, snoozed, lists"
)


@pytest.fixture(scope="module")
def land(warehouse: Settings) -> Callable[[Sequence[Order]], None]:
    """Land orders and a decision on each in one transaction, as the consumer's role."""

    def run(orders: Sequence[Order]) -> None:
        consumer = connect(warehouse, Role.CONSUMER, application="tests")
        with closing(consumer), consumer, consumer.cursor() as cursor:
            cursor.execute("select coalesce(max(ingest_id), 0) from raw.transactions_stream")
            last: int = (cursor.fetchone() or (0,))[0]
            numbered = list(enumerate(orders, start=last + 1))
            execute_values(
                cursor,
                "insert into raw.transactions_stream values %s",
                [_landed(ingest_id, order) for ingest_id, order in numbered],
            )
            execute_values(
                cursor,
                f"insert into raw.transaction_decisions ({DECISION_COLUMNS}) values %s",
                [_decision(ingest_id, order) for ingest_id, order in numbered],
            )

    return run


def _landed(ingest_id: int, order: Order) -> tuple[Any, ...]:
    ids = (order["transaction_id"], order["customer_id"])
    at = order["event_time"]
    payload = order.get(AS_SENT) or json.dumps(order)
    return (ingest_id, "orders", 0, ingest_id, *ids, at, START, payload)


def _decision(ingest_id: int, order: Order) -> tuple[Any, ...]:
    score = ingest_id % 11 / 10
    outcome = "decline" if score > 0.8 else "review" if score > 0.5 else "approve"
    factors = {"velocity": score, "amount": None}
    reasons = [{"rule": "velocity.customer", "sentence": "Many orders at once."}] if score else []
    scored = (json.dumps(factors), json.dumps(reasons), json.dumps({}))
    unused = ("", "", "[]", "[]", "[]", "[]")
    return (ingest_id, order["transaction_id"], "test-1", outcome, score, *scored, START, *unused)


@pytest.fixture(scope="module")
def an_order() -> Callable[..., Order]:
    """A plain order with a new id; keywords add or replace fields."""

    def make(**fields: Any) -> Order:
        plain = {
            "schema_version": 1,
            "transaction_id": uuid4().hex,
            "customer_id": "c1",
            "merchant_id": "m1",
            "event_time": START.isoformat(),
            "amount": 10.1,
            "currency": "EUR",
            "payment_method": "card",
        }
        return {**plain, **fields}

    return make


@pytest.fixture(scope="module")
def random_orders(an_order: Callable[..., Order]) -> Callable[[Random], list[Order]]:
    """A batch of few customers' orders: times out of order and often equal, fields often absent."""

    def draw(random: Random) -> list[Order]:
        return [_random_order(an_order, random) for _ in range(random.randint(0, 25))]

    return draw


def _random_order(an_order: Callable[..., Order], random: Random) -> Order:
    optional = {
        name: random.choice(values) for name, values in ONE_OF_EACH.items() if random.random() < 0.4
    }
    return an_order(
        customer_id=f"c{random.randint(1, 5)}",
        merchant_id=f"m{random.randint(1, 3)}",
        event_time=(START + timedelta(hours=random.randint(-60, 60))).isoformat(),
        amount=random.randint(1, 99_999) / 100,
        currency=random.choice(["EUR", "USD"]),
        **optional,
    )


@pytest.fixture(scope="module")
def contents(warehouse: Settings) -> Callable[[], dict[str, list[str]]]:
    """Every row of every model as text, sorted."""
    models = sorted((warehouse.fraud_project / "dbt/models").glob("*/*.sql"))

    def read() -> dict[str, list[str]]:
        with closing(connect(warehouse, Role.DBT, application="tests")) as dbt:
            cursor = dbt.cursor()
            rows: dict[str, list[str]] = {}
            for model in models:
                relation = sql.Identifier(model.parent.name, model.stem)
                cursor.execute(sql.SQL("select t::text from {} t").format(relation))
                rows[model.stem] = sorted(row for (row,) in cursor.fetchall())
        return rows

    return read
