"""Rebuild a scorer's state from the orders that have landed, and from nothing else."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import DatabaseError
from fraud_core.events import OrderEvent
from fraud_stream.consumer import lease as leases
from fraud_stream.scoring.decision import Scorer

PAGE_ROWS = 10_000

_decode = msgspec.json.Decoder(OrderEvent).decode


class ScorerKind(NamedTuple):
    """How to make a scorer with nothing in its state, and how far back its state can reach.

    `horizon` is counted in event time from the newest order of all; None means without end.
    """

    make: Callable[[], Scorer]
    horizon: timedelta | None


class Page(NamedTuple):
    """Landed orders in the order of their ingest_id, and the last id that was looked at."""

    last_ingest_id: int
    events: list[OrderEvent]


def landed_since(cursor: Cursor, after: int, horizon: timedelta | None) -> Page | None:
    """The next page of orders within the horizon, after an ingest_id; None at the end."""
    cursor.execute(
        _PAGE,
        {"after": after, "horizon": horizon, "lease": leases.LEASE, "rows": PAGE_ROWS},
    )
    rows: list[tuple[int, str]] = cursor.fetchall()
    if not rows:
        return None
    return Page(rows[-1][0], list(_events(rows)))


def _events(rows: list[tuple[int, str]]) -> Iterator[OrderEvent]:
    for ingest_id, payload in rows:
        try:
            yield _decode(payload)
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
