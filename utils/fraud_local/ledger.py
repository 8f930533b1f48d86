"""One order's line of the ledger, `raw.transaction_decisions`, whole again, with the order."""

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
_ORDER = """
select customer_id, event_time, payload from raw.transactions_stream where ingest_id = %s
"""
_SEARCHED = 10_000
"""Dead letters, the newest; a name that is nowhere is looked for in all of them."""
_DEAD_LETTER = """
select dead_letter_id, topic, reason
from (
    select dead_letter_id, topic, reason, value
    from raw.dead_letters
    order by dead_letter_id desc
    limit %s
) as newest
where position(%s::bytea in value) > 0
order by dead_letter_id desc
limit 1
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


class Order(msgspec.Struct, frozen=True):
    """What people know an order by."""

    customer_id: str
    event_time: datetime
    amount: float
    currency: str


class Explained(msgspec.Struct, frozen=True):
    """A decision and its order; None when the order is not kept any more."""

    entry: LedgerEntry
    order: Order | None


class _Paid(msgspec.Struct):
    amount: float
    currency: str


def read_ledger(settings: Settings, transaction_id: str) -> Explained:
    """The decision on an order. Raises DatabaseError when none has landed."""
    connection = connect(settings, Role.DBT, application="fraud explain")
    try:
        entry = ledger_entry(connection, transaction_id)
        return Explained(entry, _order(connection, entry.ingest_id))
    finally:
        connection.close()


def ledger_entry(connection: Connection, transaction_id: str) -> LedgerEntry:
    """The same, over a connection that can read the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(_LINE, (transaction_id,))
        row = cursor.fetchone()
    if row is None:
        raise DatabaseError(
            f"no decision on order {transaction_id}: {_whereabouts(connection, transaction_id)}"
        )
    found: dict[str, Any] = row[0]
    more = {name: value for name, value in found.items() if name not in _NAMED}
    return msgspec.convert({**found, "more": more}, LedgerEntry)


def _order(connection: Connection, ingest_id: int) -> Order | None:
    with connection.cursor() as cursor:
        cursor.execute(_ORDER, (ingest_id,))
        row = cursor.fetchone()
    if row is None:
        return None
    customer_id, event_time, payload = row
    paid = msgspec.json.decode(payload, type=_Paid)
    return Order(customer_id, event_time, paid.amount, paid.currency)


def _whereabouts(connection: Connection, transaction_id: str) -> str:
    """Where to look for an order that was not decided."""
    named = msgspec.json.encode(transaction_id)
    with connection.cursor() as cursor:
        cursor.execute(_DEAD_LETTER, (_SEARCHED, named))
        row = cursor.fetchone()
    if row is None:
        return (
            "has it landed? `fraud status` shows how far the consumer is. Or is it among "
            "`fraud dead-letters list`?"
        )
    number, topic, reason = row
    return (
        f"dead letter {number} of topic {topic} names it ({reason}); "
        f"`fraud dead-letters show {number}` says more"
    )
