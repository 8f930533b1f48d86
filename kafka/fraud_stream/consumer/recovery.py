"""Read back what a scorer's state is made of: the orders and labels that have landed."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import DatabaseError
from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer import lease as leases
from fraud_stream.scoring.scorer import RuleScorer

PAGE_ROWS = 10_000

_decode = msgspec.json.Decoder(OrderEvent).decode


class ScorerKind(Protocol):
    """How to make a scorer with nothing in its state, and how to keep its rules up to date."""

    def make(self) -> RuleScorer:
        """A scorer by the rules in force."""
        ...

    def refresh(self, scorer: RuleScorer) -> None:
        """Called between two batches."""
        ...


class KnownLabel(NamedTuple):
    """A label, with its order if that has landed; `position` is the ingest_id of the later one."""

    position: int
    label: LabelEvent
    order: OrderEvent | None


class Page(NamedTuple):
    """Landed orders with their ingest_ids, in the order of these."""

    orders: list[tuple[int, OrderEvent]]

    @property
    def last_ingest_id(self) -> int:
        """Where the next page begins."""
        return self.orders[-1][0]


def landed_since(cursor: Cursor, after: int, horizon: timedelta) -> Page | None:
    """The next page of orders within the horizon, after an ingest_id; None at the end."""
    cursor.execute(
        _PAGE,
        {"after": after, "horizon": horizon, "lease": leases.LEASE, "rows": PAGE_ROWS},
    )
    rows: list[tuple[int, str]] = cursor.fetchall()
    if not rows:
        return None
    return Page([(ingest_id, _event(ingest_id, payload)) for ingest_id, payload in rows])


def known_labels(cursor: Cursor, horizon: timedelta) -> list[KnownLabel]:
    """What may be learned, within the horizon, in the order in which it was learned."""
    cursor.execute(_LABELS, {"horizon": horizon, "lease": leases.LEASE})
    return list(_labels(cursor.fetchall()))


def landed_orders(cursor: Cursor, transaction_ids: Sequence[str]) -> dict[str, OrderEvent]:
    """Those of the orders that have landed, however long ago."""
    cursor.execute(
        "select ingest_id, payload from raw.transactions_stream where transaction_id = any(%s)",
        (list(transaction_ids),),
    )
    orders = [_event(ingest_id, payload) for ingest_id, payload in cursor.fetchall()]
    return {order.transaction_id: order for order in orders}


def _labels(rows: list[tuple[int, str, int, str | None]]) -> Iterator[KnownLabel]:
    for position, label, order_id, payload in rows:
        order = None if payload is None else _event(order_id, payload)
        yield KnownLabel(position, msgspec.json.decode(label, type=LabelEvent), order)


def _event(ingest_id: int, payload: str) -> OrderEvent:
    try:
        return _decode(payload)
    except msgspec.MsgspecError as error:
        raise DatabaseError(
            f"raw.transactions_stream, ingest_id {ingest_id}: the landed order no longer "
            f"decodes ({error}); the event contract became stricter than it was"
        ) from error


_PAGE = """
select stream.ingest_id, stream.payload
from raw.transactions_stream as stream
where
    stream.ingest_id > %(after)s
    and stream.event_time >= coalesce(
        (
            select lease.newest_event_time - %(horizon)s
            from raw.scorer_lease as lease
            where lease.lease_name = %(lease)s
        ),
        '-infinity'
    )
order by stream.ingest_id
limit %(rows)s
"""

_LABELS = """
select
    greatest(label.ingest_id, stream.ingest_id) as position,
    json_build_object(
        'transaction_id', label.transaction_id, 'label', label.label, 'source', label.source,
        'reason', label.reason, 'labelled_at', label.labelled_at
    )::text,
    stream.ingest_id,
    stream.payload
from raw.transaction_labels as label
left join raw.transactions_stream as stream using (transaction_id)
where
    label.source <> 'injected'
    and label.labelled_at >= coalesce(
        (
            select lease.newest_event_time - %(horizon)s
            from raw.scorer_lease as lease
            where lease.lease_name = %(lease)s
        ),
        '-infinity'
    )
order by position, label.ingest_id
"""
