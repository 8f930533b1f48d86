"""A warehouse of its own for the dbt tests; messages land in it as the consumer lands them."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any
from uuid import uuid4

import pytest
from dbt.contracts.graph.manifest import Manifest
from psycopg2 import sql
from psycopg2.extras import execute_values
from warehouse_orders import AS_DECIDED, AS_SENT, START, Label, Order, plain_order

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, build, parse


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
def manifest(warehouse: Settings) -> Manifest:
    """The project as dbt has read it; handed on, so that no build reads it again."""
    return parse(warehouse)


@pytest.fixture(scope="module")
def build_models(warehouse: Settings, manifest: Manifest) -> Callable[..., BuildResult]:
    """Build models without their tests, everything or what is named, and fail when one fails."""

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
LABEL_COLUMNS = (
    "ingest_id, topic, kafka_partition, kafka_offset, transaction_id, label, source, reason, "
    "labelled_at, received_at"
)


@pytest.fixture(scope="module")
def land(warehouse: Settings) -> Callable[..., None]:
    """Land orders, a decision on each, and labels after them in one transaction, as the consumer's
    role and with ids of one sequence; all of them higher than `above`."""

    def run(orders: Sequence[Order], labels: Sequence[Label] = (), *, above: int = 0) -> None:
        consumer = connect(warehouse, Role.CONSUMER, application="tests")
        with closing(consumer), consumer, consumer.cursor() as cursor:
            last = max(_highest_id(cursor), above)
            cursor.execute("select raw.ensure_partitions(%s)", (last + len(orders) + len(labels),))
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
            execute_values(
                cursor,
                f"insert into raw.transaction_labels ({LABEL_COLUMNS}) values %s",
                [
                    (ingest_id, "labels", 0, ingest_id, *label, START)
                    for ingest_id, label in enumerate(labels, start=last + len(orders) + 1)
                ],
            )

    return run


def _highest_id(cursor: Any) -> int:
    cursor.execute(
        "select greatest((select max(ingest_id) from raw.transactions_stream),"
        " (select max(ingest_id) from raw.transaction_labels), 0)"
    )
    return cursor.fetchone()[0]


def _landed(ingest_id: int, order: Order) -> tuple[Any, ...]:
    ids = (order["transaction_id"], order["customer_id"])
    at = order["event_time"]
    payload = order.get(AS_SENT) or json.dumps(order)
    return (ingest_id, "orders", 0, ingest_id, *ids, at, START, payload)


def _decision(ingest_id: int, order: Order) -> tuple[Any, ...]:
    made = order.get(AS_DECIDED)
    if made is not None:
        parts = ("factors", "reasons", "features")
        rest = ("not_evaluable", "shadow", "snoozed", "lists")
        return (
            *(ingest_id, order["transaction_id"], made["rule_set_version"]),
            *(made["outcome"], made["score"], *(json.dumps(made[part]) for part in parts)),
            *(START, made["lists_version"], made["recommended_action"]),
            *(json.dumps(made[part]) for part in rest),
        )
    score = ingest_id % 11 / 10
    outcome = "decline" if score > 0.8 else "review" if score > 0.5 else "approve"
    factors = {"velocity": score, "amount": None}
    reason = {
        "rule": "velocity.customer",
        "factor": "velocity",
        "weight": 1.0,
        "sentence": f"{ingest_id} orders by {order.get('customer_email')}.",
        "values": {"orders": ingest_id, "customer_email": order.get("customer_email")},
        "contribution": score,
    }
    reasons = [reason] if score else []
    shadow = [{**reason, "rule": "trial", "contribution": 0.0}] if ingest_id % 3 else []
    lists = [{"list": "watch", "kind": "email", "value": str(order.get("customer_email"))}]
    scored = (json.dumps(factors), json.dumps(reasons), json.dumps({"orders": ingest_id}))
    rest = ("lists-1", "Look at it", "[]", json.dumps(shadow), "[]", json.dumps(lists))
    return (ingest_id, order["transaction_id"], "test-1", outcome, score, *scored, START, *rest)


@pytest.fixture(scope="module")
def land_dead_letter(warehouse: Settings) -> Callable[[str], None]:
    """Set a message aside, as the consumer's role."""

    def run(text: str) -> None:
        consumer = connect(warehouse, Role.CONSUMER, application="tests")
        with closing(consumer), consumer, consumer.cursor() as cursor:
            cursor.execute("select count(*) from raw.dead_letters")
            (offset,) = cursor.fetchone() or (0,)
            cursor.execute(
                "insert into raw.dead_letters (topic, kafka_partition, kafka_offset, reason,"
                " detail, key, value, headers, received_at, landed_at, code_version)"
                " values ('orders', 0, %s, 'schema', %s, %s, %s, '{}', %s, %s, '1')",
                (offset, f"not an order: {text}", text.encode(), text.encode(), START, START),
            )

    return run


@pytest.fixture(scope="module")
def an_order() -> Callable[..., Order]:
    """A plain order with a new id; keywords add or replace fields."""
    return plain_order


@pytest.fixture(scope="module")
def contents(warehouse: Settings, manifest: Manifest) -> Callable[[], dict[str, list[str]]]:
    """Every row of every model as text, sorted."""
    models = sorted(
        (node.schema, node.name)
        for node in manifest.nodes.values()
        if node.resource_type == "model"
    )

    def read() -> dict[str, list[str]]:
        with closing(connect(warehouse, Role.DBT, application="tests")) as dbt:
            cursor = dbt.cursor()
            rows: dict[str, list[str]] = {}
            for schema, name in models:
                cursor.execute(
                    sql.SQL("select t::text from {} t").format(sql.Identifier(schema, name))
                )
                rows[name] = sorted(row for (row,) in cursor.fetchall())
        return rows

    return read
