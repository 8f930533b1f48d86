"""`fraud explain` reads an order's line of the ledger back, whatever columns it has."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from delivery_support import land_dead

from fraud_core.database import connect
from fraud_core.errors import DatabaseError
from fraud_core.settings import Role, Settings
from fraud_local.ledger import Order, read_ledger

pytestmark = pytest.mark.integration

INGEST_ID = 999_999
"""Of the first partition, and beyond what tests land."""

INSERT = """
insert into raw.transaction_decisions (ingest_id, transaction_id, rule_set_version, lists_version,
    outcome, score, recommended_action, factors, reasons, features, not_evaluable,
    shadow, snoozed, lists, decided_at)
values (%s, %s, 'starter-5', 'lists-1',
    'review', 0.5, 'look at it', %s, %s, %s, '["a.b"]',
    '[]', '[]', '[]', now())
"""

INSERT_ORDER = """
insert into raw.transactions_stream (ingest_id, topic, kafka_partition, kafka_offset,
    transaction_id, customer_id, event_time, received_at, payload)
values (%s, 'explained', 0, 0, %s, 'c-1', '2026-03-01T12:00:00Z', now(), %s)
"""


def test_a_decision_is_explained_from_the_ledger(settings: Settings) -> None:
    order = f"explained-{uuid4().hex}"
    reason = {
        "rule": "amount.round",
        "factor": "amount",
        "weight": 0.5,
        "sentence": "A round amount of 50.00 EUR",
        "values": {"amount": 5000},
        "contribution": 0.5,
    }
    texts = [json.dumps(v) for v in ({"amount": 0.5}, [reason], {"customer_orders_1h": 3})]
    connection = connect(settings, Role.OWNER, application="test")
    with connection, connection.cursor() as cursor:
        cursor.execute(INSERT, (INGEST_ID, order, *texts))
        cursor.execute("insert into raw.transaction_keys values (%s, %s)", (order, INGEST_ID))
    found = read_ledger(settings, order)
    assert found.order is None
    entry = found.entry
    with connection, connection.cursor() as cursor:
        cursor.execute("delete from raw.transaction_decisions where ingest_id = %s", (INGEST_ID,))
        cursor.execute("delete from raw.transaction_keys where ingest_id = %s", (INGEST_ID,))
    connection.close()
    assert (entry.outcome, entry.score) == ("review", 0.5)
    assert entry.factors == {"amount": 0.5}
    assert entry.reasons[0]["sentence"] == "A round amount of 50.00 EUR"
    assert entry.features == {"customer_orders_1h": 3}
    assert entry.more["recommended_action"] == "look at it"
    assert entry.more["not_evaluable"] == ["a.b"]


def test_a_decision_comes_with_its_order(settings: Settings) -> None:
    name = f"explained-{uuid4().hex}"
    connection = connect(settings, Role.OWNER, application="test")
    with connection, connection.cursor() as cursor:
        cursor.execute(INSERT, (INGEST_ID, name, "{}", "[]", "{}"))
        cursor.execute("insert into raw.transaction_keys values (%s, %s)", (name, INGEST_ID))
        cursor.execute(INSERT_ORDER, (INGEST_ID, name, '{"amount": 655.97, "currency": "EUR"}'))
    found = read_ledger(settings, name)
    with connection, connection.cursor() as cursor:
        for table in ("transaction_decisions", "transaction_keys", "transactions_stream"):
            cursor.execute(f"delete from raw.{table} where ingest_id = %s", (INGEST_ID,))
    connection.close()
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found.order == Order("c-1", at, 655.97, "EUR")


def test_an_order_without_a_decision_is_said_to_have_none(settings: Settings) -> None:
    with pytest.raises(DatabaseError, match=r"has it landed.*dead-letters list"):
        read_ledger(settings, "never seen")


def test_a_dead_letter_that_names_the_order_is_named(settings: Settings) -> None:
    name = f"t-{uuid4().hex}"
    longer = land_dead(settings, f'{{"transaction_id": "{name}1"'.encode())
    number = land_dead(settings, f'{{"transaction_id": "{name}"'.encode())
    with pytest.raises(DatabaseError, match=f"dead letter {number} of topic .*not_json"):
        read_ledger(settings, name)
    connection = connect(settings, Role.OWNER, application="test")
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from raw.dead_letters where dead_letter_id in (%s, %s)", (longer, number)
        )
    connection.close()
