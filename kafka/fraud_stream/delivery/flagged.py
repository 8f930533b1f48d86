"""Alerts about flagged orders, from the outbox that each landing fills."""

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.alerts import EVENT_ID, Alert, AlertListHit, AlertReason
from fraud_core.errors import StreamError
from fraud_stream.delivery.outgoing import MOST_MESSAGES, Outgoing, Page, place

CHANNEL = "transactions_flagged"

_encode = msgspec.json.Encoder().encode
_reasons = msgspec.json.Decoder(tuple[AlertReason, ...]).decode
_lists = msgspec.json.Decoder(tuple[AlertListHit, ...]).decode
_factors = msgspec.json.Decoder(dict[str, float | None]).decode


class FlaggedOrders:
    """One alert an order whose outcome is not approve, in the order of landing."""

    name = CHANNEL

    def __init__(self, topic: str) -> None:
        self.topic = topic

    def page(self, cursor: Cursor, after: int) -> Page | None:
        """Ids first, so that the ledger's partitions that hold none of them are not looked at."""
        cursor.execute(_IDS, (after, MOST_MESSAGES))
        ids = [ingest_id for (ingest_id,) in cursor.fetchall()]
        if not ids:
            return None
        cursor.execute(_ALERTS, {"ids": ids})
        return Page(
            last_id=ids[-1], messages=[_outgoing(_Flagged(*row)) for row in cursor.fetchall()]
        )

    def in_place_of(self, message: Outgoing) -> Outgoing:
        """Nothing: without its content an alert says nothing."""
        raise StreamError(
            f"topic {self.topic!r}: the alert {message.headers[EVENT_ID]} of "
            f"{len(message.value or b''):,} bytes is larger than the topic takes. It waits, and "
            "all after it: raise the topic's max.message.bytes, and segment.bytes if that is less"
        )


class _Flagged(NamedTuple):
    """An order with its decision, as selected below."""

    ingest_id: int
    topic: str
    partition: int
    offset: int
    transaction_id: str
    customer_id: str
    event_time: datetime
    decided_at: datetime
    outcome: Literal["review", "decline"]
    score: float
    recommended_action: str
    rule_set_version: str
    lists_version: str
    factors: str
    reasons: str
    lists: str


def _outgoing(order: _Flagged) -> Outgoing:
    alert = Alert(
        event_id=place(order.topic, order.partition, order.offset),
        ingest_id=order.ingest_id,
        transaction_id=order.transaction_id,
        customer_id=order.customer_id,
        event_time=order.event_time,
        decided_at=order.decided_at,
        outcome=order.outcome,
        score=order.score,
        recommended_action=order.recommended_action,
        rule_set_version=order.rule_set_version,
        lists_version=order.lists_version,
        factors=_factors(order.factors),
        reasons=_reasons(order.reasons),
        lists=_lists(order.lists),
    )
    return Outgoing(
        key=alert.customer_id.encode(),
        value=_encode(alert),
        headers={EVENT_ID: alert.event_id},
    )


_IDS = "select ingest_id from raw.flagged_outbox where ingest_id > %s order by ingest_id limit %s"

_ALERTS = """
select
    decision.ingest_id, stream.topic, stream.kafka_partition, stream.kafka_offset,
    decision.transaction_id, stream.customer_id, stream.event_time, decision.decided_at,
    decision.outcome, decision.score, decision.recommended_action, decision.rule_set_version,
    decision.lists_version, decision.factors, decision.reasons::text, decision.lists::text
from raw.transaction_decisions as decision
inner join raw.transactions_stream as stream on decision.ingest_id = stream.ingest_id
where decision.ingest_id = any(%(ids)s) and stream.ingest_id = any(%(ids)s)
order by decision.ingest_id
"""
