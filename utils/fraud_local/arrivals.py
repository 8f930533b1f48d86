"""What has landed since the marts were last built."""

from contextlib import closing
from datetime import datetime

import msgspec

from fraud_core.database import connect
from fraud_core.settings import Role, Settings

_ARRIVALS = """
with landed as (
    select ingest_id from raw.transactions_stream where ingest_id > %(after)s
),
labels as (
    select ingest_id from raw.transaction_labels where ingest_id > %(after)s
)
select
    greatest(
        %(after)s, (select max(ingest_id) from landed), (select max(ingest_id) from labels)
    ),
    clock_timestamp(),
    (select count(*) from landed),
    (
        select count(*) from raw.transaction_decisions
        where ingest_id > %(after)s and outcome <> 'approve'
    ),
    (select count(*) from labels),
    (
        select count(*) from raw.dead_letters
        where landed_at > coalesce(%(since)s::timestamptz, '-infinity')
    )
"""


class Arrivals(msgspec.Struct, frozen=True, kw_only=True):
    """Counts beyond a watermark; `up_to` is the next one, together with `at`.

    `flagged` is a part of `orders`. Dead letters have no ingest_id and are counted by time.
    """

    up_to: int
    at: datetime
    orders: int
    flagged: int
    labels: int
    dead_letters: int

    @property
    def is_nothing(self) -> bool:
        """Whether a build would find nothing new."""
        return not (self.orders or self.labels or self.dead_letters)


def arrivals(settings: Settings, *, after: int, since: datetime | None) -> Arrivals:
    """Count what landed after an ingest_id, and the dead letters after a time."""
    with (
        closing(connect(settings, Role.DBT, application="new_arrivals")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_ARRIVALS, {"after": after, "since": since})
        up_to, at, orders, flagged, labels, dead = cursor.fetchall()[0]
    return Arrivals(
        up_to=up_to, at=at, orders=orders, flagged=flagged, labels=labels, dead_letters=dead
    )
