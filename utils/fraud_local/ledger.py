"""One order's line of the ledger, `raw.transaction_decisions`, whole again."""

from datetime import datetime
from typing import Any

import msgspec

from fraud_core.database import Connection, connect
from fraud_core.errors import DatabaseError
from fraud_core.settings import Role, Settings

_LINE = """
select
    to_jsonb(d)
    || jsonb_build_object(
        'factors', d.factors::jsonb,
        'features', d.features::jsonb,
        'not_evaluable', d.not_evaluable::jsonb
    )
from raw.transaction_decisions d
where d.ingest_id = (select k.ingest_id from raw.transaction_keys k where k.transaction_id = %s)
"""
_NAMED = (
    "ingest_id",
    "transaction_id",
    "rule_set_version",
    "outcome",
    "score",
    "factors",
    "reasons",
    "features",
    "decided_at",
)


class LedgerEntry(msgspec.Struct, frozen=True):
    """A decision as it was stored; `more` holds what later versions of the table added."""

    ingest_id: int
    transaction_id: str
    rule_set_version: str
    outcome: str
    score: float
    factors: dict[str, float | None]
    reasons: list[dict[str, Any]]
    features: dict[str, Any]
    decided_at: datetime
    more: dict[str, Any]


def read_ledger(settings: Settings, transaction_id: str) -> LedgerEntry:
    """The decision on an order. Raises DatabaseError when none has landed."""
    connection = connect(settings, Role.DBT, application="fraud explain")
    try:
        return ledger_entry(connection, transaction_id)
    finally:
        connection.close()


def ledger_entry(connection: Connection, transaction_id: str) -> LedgerEntry:
    """The same, over a connection that can read the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_LINE, (transaction_id,))
        row = cursor.fetchone()
    if row is None:
        raise DatabaseError(
            f"no decision on order {transaction_id}: has it landed? `fraud status` shows how far "
            "the consumer is"
        )
    found: dict[str, Any] = row[0]
    more = {name: value for name, value in found.items() if name not in _NAMED}
    return msgspec.convert({**found, "more": more}, LedgerEntry)
