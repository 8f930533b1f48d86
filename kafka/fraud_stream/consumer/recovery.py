"""Read back what a scorer's state is made of: the orders and labels that have landed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import NamedTuple, Protocol

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import DatabaseError
from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.prepared import Prepared
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.decode import landed_order
from fraud_stream.consumer.learning import Verdict
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.scorer import RuleScorer

PAGE_ROWS = 10_000
"""Of orders, and as many of labels."""

PAGE_BYTES = 1 << 25
"""Of messages of orders, and as many of orders that labels are about: a message may be as large as
the broker takes. A page holds one more than that, for there is always one."""

MESSAGES_AT_ONCE = 100
"""Asked for together where nothing tells how large they are."""


class ScorerKind(Protocol):
    """How to make a scorer with nothing in its state, and how to keep its rules up to date."""

    def make(self) -> RuleScorer:
        """A scorer by the rules in force."""
        ...

    def refresh(self, scorer: RuleScorer) -> None:
        """Called between two batches."""
        ...

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        ...

    @property
    def refused(self) -> bool:
        """Whether the newest rules cannot be used, so that older ones decide."""
        ...


class Reach(NamedTuple):
    """What has landed: everything up to an ingest_id; nothing older than `since` matters."""

    last_ingest_id: int
    since: datetime | None


class Landed(NamedTuple):
    """An order or a label at its place in the sequence that both share.

    `order` is the one that a label is about, None when it had not landed before the label.
    """

    ingest_id: int
    event: OrderEvent | LabelEvent
    order: OrderEvent | None = None


class Page(NamedTuple):
    """What landed after one ingest_id and up to another, in the order of these."""

    entries: Sequence[Landed]
    last_ingest_id: int


def reach(cursor: Cursor, horizon: timedelta) -> Reach:
    """How far landing has come, and from where on its orders are within the horizon."""
    cursor.execute(
        "select last_ingest_id, newest_event_time - %s from raw.scorer_lease where lease_name = %s",
        (horizon, leases.LEASE),
    )
    row = cursor.fetchone()
    return Reach(*row) if row else Reach(0, None)


def landed_after(cursor: Cursor, after: int, until: Reach) -> Page:
    """The next page; one that reaches `until` is the last.

    It ends where either its orders or its labels are as many, or as large, as a page may hold.
    Labels that no scorer learns are not in it: the simulation's own, and those that say of an order
    what one before them said.
    """
    found, last = _rows(cursor, _ORDERS, after, until)
    until = until._replace(last_ingest_id=last)
    labels, last = _labels(cursor, *_rows(cursor, _LABELS, after, until))
    orders = [Landed(place, _event(place, payload)) for place, payload in found if place <= last]
    return Page(list(merge(orders, labels, key=_place)), last)


def landed_orders(cursor: Cursor, transaction_ids: Sequence[str]) -> dict[str, OrderEvent]:
    """Those of the orders that have landed and are still kept."""
    return {
        name: _event(ingest_id, payload)
        for name, (ingest_id, payload) in landed_payloads(cursor, transaction_ids).items()
        if payload is not None
    }


def landed_up_to(
    cursor: Cursor, transaction_ids: Sequence[str], last_ingest_id: int
) -> list[OrderEvent]:
    """Those of the orders that have landed by then and are still kept, in the order of landing."""
    landed = landed_payloads(cursor, transaction_ids).values()
    return [
        _event(ingest_id, payload)
        for ingest_id, payload in sorted(landed, key=itemgetter(0))
        if payload is not None and ingest_id <= last_ingest_id
    ]


def verdicts(cursor: Cursor, transaction_ids: Sequence[str]) -> set[Verdict]:
    """What labels that have landed say of those orders, the simulation's own left aside."""
    cursor.execute(_VERDICTS, (list(transaction_ids),))
    return set(cursor.fetchall())


def landed_payloads(
    cursor: Cursor, transaction_ids: Sequence[str]
) -> Mapping[str, tuple[int, str | None]]:
    """Of those orders that have landed, however long ago, the ingest_id and the message.

    The message is None when retention has dropped it, and when its customer was erased: what is
    left of it is not what was sent. Asked in two steps, so that no plan can
    read through all partitions.
    """
    _KNOWN.execute(cursor, _array(transaction_ids))
    known: dict[str, int] = dict(cursor.fetchall())
    if not known:
        return {}
    cursor.execute(_MESSAGES, (list(known.values()),))
    payloads: dict[int, str] = dict(cursor.fetchall())
    return {name: (ingest_id, payloads.get(ingest_id)) for name, ingest_id in known.items()}


def _array(texts: Sequence[str]) -> str:
    """As one literal, which Postgres reads many times faster than a list of thousands of them."""
    return (
        '{"' + '","'.join(t.replace("\\", "\\\\").replace('"', '\\"') for t in texts) + '"}'
        if texts
        else "{}"
    )


def _place(landed: Landed) -> int:
    return landed.ingest_id


def _rows(
    cursor: Cursor, query: str, after: int, until: Reach
) -> tuple[list[tuple[int, str]], int]:
    """As many as a page may hold, and how far they reach: to the last one if there may be more."""
    window = {"after": after, "last": until.last_ingest_id, "since": until.since}
    cursor.execute(query, {**window, "rows": PAGE_ROWS, "bytes": PAGE_BYTES})
    found: list[tuple[int, str, int]] = cursor.fetchall()
    is_full = len(found) == PAGE_ROWS or (found and found[-1][2] >= PAGE_BYTES)
    rows = [(place, text) for place, text, _ in found]
    return rows, rows[-1][0] if is_full else until.last_ingest_id


def _labels(cursor: Cursor, rows: Sequence[tuple[int, str]], last: int) -> tuple[list[Landed], int]:
    """With their orders, as far as a page may hold these, and how far that reaches."""
    labels: list[Landed] = []
    held = 0
    for start in range(0, len(rows), MESSAGES_AT_ONCE):
        if held >= PAGE_BYTES:
            return labels, labels[-1].ingest_id
        some = rows[start : start + MESSAGES_AT_ONCE]
        named = [(place, msgspec.json.decode(text, type=LabelEvent)) for place, text in some]
        orders = landed_payloads(cursor, [label.transaction_id for _, label in named])
        held += sum(len(payload) for _, payload in orders.values() if payload)
        for place, label in named:
            ingest_id, payload = orders.get(label.transaction_id, (place, None))
            known = payload if ingest_id < place else None
            labels.append(Landed(place, label, None if known is None else _event(ingest_id, known)))
    return labels, last


def _event(ingest_id: int, payload: str) -> OrderEvent:
    try:
        return landed_order(payload.encode())
    except msgspec.MsgspecError as error:
        raise DatabaseError(
            f"raw.transactions_stream, ingest_id {ingest_id}: the landed order no longer "
            f"decodes ({error}); the event contract became stricter than it was"
        ) from error


_KNOWN = Prepared(
    "known_orders",
    "text[]",
    "select transaction_id, ingest_id from raw.transaction_keys where transaction_id = any($1)",
)

# How large a message is stands before it: nothing is read that is not asked for.
_ORDERS = """
with page as (
    select ingest_id, payload
    from raw.transactions_stream
    where
        ingest_id > %(after)s
        and ingest_id <= %(last)s
        and event_time >= coalesce(%(since)s, '-infinity'::timestamptz)
    order by ingest_id
    limit %(rows)s
),

measured as (
    select
        ingest_id,
        payload,
        octet_length(payload) as bytes,
        sum(octet_length(payload)) over (order by ingest_id rows unbounded preceding) as held
    from page
)

select ingest_id, payload, held::bigint
from measured
where held - bytes < %(bytes)s
order by ingest_id
"""

_MESSAGES = """
select ingest_id, payload
from raw.transactions_stream as landed
where
    ingest_id = any(%s)
    and (
        not starts_with(customer_id, 'erased-')
        or not exists (
            select from raw.erasures as erased
            where starts_with(landed.customer_id, erased.erased_id)
        )
    )
"""

_LABELS = """
select
    ingest_id,
    json_build_object(
        'transaction_id', transaction_id, 'label', label, 'source', source, 'reason', reason,
        'labelled_at', labelled_at
    )::text,
    0
from raw.transaction_labels as label
where
    ingest_id > %(after)s
    and ingest_id <= %(last)s
    and source <> 'injected'
    and labelled_at >= coalesce(%(since)s, '-infinity'::timestamptz)
    and not exists (
        select from raw.transaction_labels as earlier
        where
            earlier.transaction_id = label.transaction_id
            and earlier.label = label.label
            and earlier.source <> 'injected'
            and earlier.ingest_id < label.ingest_id
    )
order by ingest_id
limit %(rows)s
"""

_VERDICTS = """
select distinct transaction_id, label
from raw.transaction_labels
where transaction_id = any(%s) and source <> 'injected'
"""
