"""Landed orders and labels of a range, with the scorer as it was before the first of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import Connection
from fraud_core.errors import NothingToDoError
from fraud_stream.consumer.recovery import MESSAGES_AT_ONCE, Landed, Reach, landed_after
from fraud_stream.replay.request import Request


class Span(NamedTuple):
    """The landed orders of a range lie between these, not all of them in it."""

    first: int
    last: int


def span(cursor: Cursor, request: Request, topic: str) -> Span:
    """Where the orders asked for landed; offsets are those of `topic`.

    Raises NothingToDoError when there are none.
    """
    cursor.execute(_SPAN, _range(request, topic))
    first, last = cursor.fetchall()[0]
    if first is None:
        raise NothingToDoError(f"no order has landed in {request}")
    return Span(first, last)


def asked_for(cursor: Cursor, request: Request, topic: str, within: Span) -> set[int]:
    """The ingest_ids of the orders in the range."""
    cursor.execute(_IDS, {**_range(request, topic), "first": within.first, "last": within.last})
    return {ingest_id for (ingest_id,) in cursor.fetchall()}


def reach_before(cursor: Cursor, within: Span, horizon: timedelta) -> Reach:
    """What a scorer that is to decide the first order of the span must have taken in."""
    cursor.execute(_NEWEST, {"first": within.first, "horizon": horizon})
    return Reach(within.first - 1, cursor.fetchall()[0][0])


def entries(cursor: Cursor, after: int, until: Reach) -> Iterator[Landed]:
    """Everything that landed after one ingest_id and up to another, in that order."""
    while after < until.last_ingest_id:
        page = landed_after(cursor, after, until)
        yield from page.entries
        after = page.last_ingest_id


def landed_values(connection: Connection, request: Request, topic: str) -> Iterator[bytes]:
    """The messages of the orders asked for, as they were sent, in the order of ingestion."""
    with connection.cursor("replayed_messages") as cursor:  # held by the server, read in pages
        cursor.itersize = MESSAGES_AT_ONCE
        cursor.execute(_VALUES, _range(request, topic))
        for (payload,) in cursor:
            yield payload.encode()


def _range(request: Request, topic: str) -> dict[str, object]:
    at = request.offsets
    return {
        "since": request.since,
        "until": request.until,
        "topic": topic,
        "partition": at and at.partition,
        "first_offset": at and at.first,
        "end_offset": at and at.end,
    }


_IN_RANGE = """
    event_time >= coalesce(%(since)s, '-infinity'::timestamptz)
    and event_time < coalesce(%(until)s, 'infinity'::timestamptz)
    and (
        %(partition)s::integer is null
        or (
            topic = %(topic)s
            and kafka_partition = %(partition)s
            and kafka_offset >= %(first_offset)s
            and kafka_offset < %(end_offset)s
        )
    )
"""
_SPAN = f"select min(ingest_id), max(ingest_id) from raw.transactions_stream where {_IN_RANGE}"  # noqa: S608 - a constant
_IDS = (
    "select ingest_id from raw.transactions_stream "  # noqa: S608 - a constant
    f"where ingest_id between %(first)s and %(last)s and {_IN_RANGE}"
)
_VALUES = f"select payload from raw.transactions_stream where {_IN_RANGE} order by ingest_id"  # noqa: S608 - a constant
_NEWEST = """
select max(event_time) - %(horizon)s from raw.transactions_stream where ingest_id < %(first)s
"""
