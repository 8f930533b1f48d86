"""What the demo shows of Postgres: the riskiest customers, and one flagged order with reasons."""

from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from fraud_core.database import Connection

_RISKIEST = """
select customer_id, transaction_count, flagged_count, decline_count, maximum_score,
    main_currency, main_currency_flagged_amount
from marts.vw_customer_fraud_summary
where flagged_count > 0
order by decline_count desc, flagged_count desc, maximum_score desc, customer_id
limit %s
"""

_FLAGGED = """
select d.transaction_id, s.customer_id, s.event_time, d.outcome, d.score,
    s.payload::jsonb ->> 'amount' as amount, s.payload::jsonb ->> 'currency' as currency, d.reasons
from raw.transaction_decisions d join raw.transactions_stream s using (ingest_id)
where d.outcome <> 'approve'
order by jsonb_array_length(d.reasons) desc, d.score desc, d.ingest_id desc
limit 1
"""
_T = TypeVar("_T")


class RiskyCustomer(msgspec.Struct, frozen=True):
    """A line of `marts.vw_customer_fraud_summary`; the amount is in the main currency."""

    customer_id: str
    transaction_count: int
    flagged_count: int
    decline_count: int
    maximum_score: float
    main_currency: str
    main_currency_flagged_amount: Decimal


class FlaggedOrder(msgspec.Struct, frozen=True):
    """An order that did not pass, and why, from the ledger."""

    transaction_id: str
    customer_id: str
    event_time: datetime
    outcome: str
    score: float
    amount: str
    currency: str
    reasons: list[dict[str, Any]]


def riskiest_customers(analyst: Connection, limit: int = 10) -> list[RiskyCustomer]:
    """The customers with the most declined, then flagged orders, as an analyst sees them."""
    return _rows(analyst, _RISKIEST, (limit,), RiskyCustomer)


def most_explained_order(reader: Connection) -> FlaggedOrder | None:
    """The flagged order with the most reasons, or None when nothing was flagged."""
    found = _rows(reader, _FLAGGED, None, FlaggedOrder)
    return found[0] if found else None


def _rows(
    connection: Connection, query: str, arguments: tuple[Any, ...] | None, kind: type[_T]
) -> list[_T]:
    with connection.cursor() as cursor:
        cursor.execute(query, arguments)
        return [kind(*row) for row in cursor.fetchall()]
