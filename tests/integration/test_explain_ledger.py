"""`fraud explain` reads an order's line of the ledger back, whatever columns it has."""

import json
from uuid import uuid4

import pytest

from fraud_core.database import connect
from fraud_core.errors import DatabaseError
from fraud_core.settings import Role, Settings
from fraud_local.ledger import read_ledger

pytestmark = pytest.mark.integration

INGEST_ID = 999_999
"""Of the first partition, and beyond what tests land."""

INSERT = """
insert into raw.transaction_decisions (ingest_id, transaction_id, rule_set_version, lists_version,
    outcome, score, recommended_action, factors, reasons, features, not_evaluable,
    shadow, snoozed, lists, decided_at)
values (%s, %s, 'starter-4', 'lists-1',
    'review', 0.5, 'look at it', %s, %s, %s, '["a.b"]',
    '[]', '[]', '[]', now())
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
    entry = read_ledger(settings, order)
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


def test_an_order_without_a_decision_is_said_to_have_none(settings: Settings) -> None:
    with pytest.raises(DatabaseError, match="has it landed"):
        read_ledger(settings, "never seen")
