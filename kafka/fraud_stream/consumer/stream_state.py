"""How the stream is, as its tables say: who scores, what waits, and what needs somebody's eye.

For `fraud status` and for monitors; a look takes some milliseconds and locks nothing.
"""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.learning import SNAPSHOT_FORMAT
from fraud_stream.consumer.lease import LEASE
from fraud_stream.consumer.rule_files import HORIZON
from fraud_stream.delivery import dead_letters, flagged

ANSWER = {
    "connect_timeout": 2,
    "tcp_user_timeout": 2_000,
    "options": "-c statement_timeout=2s -c lock_timeout=1s",
}
"""Nobody who asks how things are is kept waiting longer."""

MOST_COUNTED = 1_000_000
"""Beyond that, a count says only that there are very many."""


class Waiting(msgspec.Struct, frozen=True):
    """What has landed and is not published yet, in messages; the time of the oldest of them."""

    messages: int
    oldest_at: datetime | None


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """`holder` is None while nobody scores; `looked_at` is the server's time.

    `after_snapshot` counts the orders and labels that no finished snapshot holds. One of another
    version of the code is none: a start cannot use it.
    """

    looked_at: datetime
    holder: str | None
    epoch: int
    held_since: datetime | None
    stand_bys: int
    newest_received_at: datetime | None
    snapshot_taken_at: datetime | None
    snapshot_bytes: int | None
    after_snapshot: int
    breaker_tripped_at: datetime | None
    bad_in_a_row: int
    open_dead_letters: int
    waiting: Mapping[str, Waiting]

    def age(self, at: datetime | None) -> float | None:
        """Seconds from then to the look."""
        return None if at is None else max(0.0, (self.looked_at - at).total_seconds())


def look(settings: Settings, *, application: str) -> StreamState:
    """Raises psycopg2.Error when Postgres does not answer, or lacks the schema of this version."""
    with (
        closing(connect(settings, Role.CONSUMER, application=application, **ANSWER)) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        return stream_state(cursor)


def stream_state(cursor: Cursor) -> StreamState:
    """The same, within a transaction of the caller's."""
    return StreamState(
        **_row(cursor, _LEASE, lease=LEASE),
        **_row(cursor, _NEWEST),
        **_row(cursor, _SNAPSHOT, lease=LEASE, format=SNAPSHOT_FORMAT, horizon=HORIZON),
        **_row(cursor, _BREAKER),
        **_row(cursor, _OPEN, most=MOST_COUNTED),
        waiting={
            flagged.CHANNEL: _waiting(cursor, _ALERTS, flagged.CHANNEL),
            dead_letters.CHANNEL: _waiting(cursor, _LETTERS, dead_letters.CHANNEL),
        },
    )


def _waiting(cursor: Cursor, query: str, channel: str) -> Waiting:
    return Waiting(**_row(cursor, query, channel=channel, most=MOST_COUNTED))


def _row(cursor: Cursor, query: str, **parameters: object) -> dict[str, Any]:
    """The one row that each of the queries below has, by column."""
    cursor.execute(query, parameters)
    (row,) = cursor.fetchall()
    return dict(zip([column.name for column in cursor.description or ()], row, strict=True))


# A holder shows by its session's name, and so does everybody who waits to be one.
_LEASE = """
with sessions as (
    select distinct application_name
    from pg_stat_activity
    where datname = current_database() and application_name like 'scorer-%%'
), lease as (
    select * from raw.scorer_lease where lease_name = %(lease)s
)
select
    clock_timestamp() as looked_at,
    (
        select holder from lease
        where expires_at > clock_timestamp()
            and holder in (select application_name from sessions)
    ) as holder,
    coalesce((select epoch from lease), 0) as epoch,
    (select held_since from lease) as held_since,
    (
        select count(*) from sessions
        where application_name not in (select holder from lease)
    ) as stand_bys
"""

_NEWEST = """
select (
    select received_at from raw.transactions_stream order by ingest_id desc limit 1
) as newest_received_at
"""

_SNAPSHOT = """
select
    max(taken_at) as snapshot_taken_at,
    sum(size_bytes)::bigint as snapshot_bytes,
    coalesce((select last_ingest_id from raw.scorer_lease where lease_name = %(lease)s), 0)
    - coalesce(max(ingest_id), 0) as after_snapshot
from raw.scorer_snapshots
where sha256 is not null and format = %(format)s and horizon >= %(horizon)s
"""

_BREAKER = """
select max(tripped_at) as breaker_tripped_at, coalesce(max(consecutive), 0) as bad_in_a_row
from raw.stream_breaker
"""

_OPEN = """
select count(*) as open_dead_letters
from (
    select 1 from raw.dead_letters as letter
    where not exists (
        select 1 from raw.dead_letter_actions as act
        where act.dead_letter_id = letter.dead_letter_id
    )
    limit %(most)s
) as counted
"""

_ALERTS = """
with waiting as (
    select ingest_id from raw.flagged_outbox
    where ingest_id > coalesce(
        (select last_id from raw.publication_positions where channel = %(channel)s), 0
    )
    order by ingest_id
    limit %(most)s
)
select
    (select count(*) from waiting) as messages,
    (
        select decided_at from raw.transaction_decisions
        where ingest_id = (select min(ingest_id) from waiting)
    ) as oldest_at
"""

_LETTERS = """
with waiting as (
    select dead_letter_id, landed_at from raw.dead_letters
    where dead_letter_id > coalesce(
        (select last_id from raw.publication_positions where channel = %(channel)s), 0
    )
    order by dead_letter_id
    limit %(most)s
)
select count(*) as messages, min(landed_at) as oldest_at from waiting
"""
