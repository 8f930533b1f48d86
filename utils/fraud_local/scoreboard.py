"""How well the detector did against the simulation's truth: decisions joined to labels.

All figures come out of Postgres. An order is fraud when any label says so, and honest otherwise.
"""

from typing import Any

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.settings import Role, Settings

# A story's orders in the order in which they were decided; `caught` is review or decline.
_STORIES = """
with injected as (  -- a label sent twice counts once
    select distinct transaction_id, reason, label
    from raw.transaction_labels where source = 'injected'
),
stories as (
    select
        labels.reason as name, labels.label = 'fraud' as is_fraud,
        orders.ingest_id, orders.event_time,
        decisions.outcome <> 'approve' as caught, decisions.outcome = 'decline' as declined
    from injected as labels
    join raw.transactions_stream as orders using (transaction_id)
    join raw.transaction_decisions as decisions on decisions.ingest_id = orders.ingest_id
),
numbered as (
    select *, row_number() over (partition by name order by ingest_id) - 1 as before
    from stories
)
select
    name, is_fraud, count(*), count(*) filter (where caught), count(*) filter (where declined),
    min(before) filter (where caught),
    extract(epoch from min(event_time) filter (where caught) - min(event_time))::float
from numbered group by 1, 2 order by 1
"""

_OVERALL = """
with truth as (
    select distinct transaction_id from raw.transaction_labels where label = 'fraud'
),
story as (
    select distinct transaction_id from raw.transaction_labels where source = 'injected'
)
select
    count(*),
    count(truth.transaction_id),
    count(*) filter (where outcome <> 'approve'),
    count(truth.transaction_id) filter (where outcome <> 'approve'),
    count(*) filter (where outcome = 'decline'),
    count(truth.transaction_id) filter (where outcome = 'decline'),
    count(*) filter (where truth.transaction_id is null and story.transaction_id is null),
    count(*) filter (
        where truth.transaction_id is null and story.transaction_id is null
        and outcome <> 'approve'
    )
from raw.transaction_decisions as decisions
left join truth using (transaction_id)
left join story using (transaction_id)
"""

_UNDECIDED = """
select count(*) from raw.transaction_labels as labels
where labels.source = 'injected' and not exists (
    select from raw.transaction_keys as keys
    where keys.transaction_id = labels.transaction_id
)
"""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One attack or one honest lookalike.

    `orders_to_first_flag` are its orders that went through before the first was caught, and
    `seconds_to_first_flag` is event time; None when none was caught.
    """

    name: str
    orders: int
    caught: int
    declined: int
    share_caught: float
    orders_to_first_flag: int | None
    seconds_to_first_flag: float | None


class Scoreboard(msgspec.Struct, frozen=True, kw_only=True):
    """Recall is a story's `share_caught`; precision is None when nothing was flagged.

    `everyday` orders belong to no story; `labels_without_decision` belong to orders that have not
    landed (yet).
    """

    attacks: tuple[Story, ...]
    lookalikes: tuple[Story, ...]
    orders: int
    fraud: int
    flagged: int
    declined: int
    precision: float | None
    decline_precision: float | None
    everyday: int
    everyday_flagged: int
    labels_without_decision: int


def read_scoreboard(settings: Settings) -> Scoreboard:
    """Ask Postgres, in one snapshot. Raises psycopg2.Error."""
    connection = connect(settings, Role.DBT, application="scoreboard")
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:
            return _read(cursor)
    finally:
        connection.close()


def _read(cursor: Cursor) -> Scoreboard:
    cursor.execute(_STORIES)
    stories = [_story(row) for row in cursor.fetchall()]
    cursor.execute(_OVERALL)
    ((orders, fraud, flagged, flagged_fraud, declined, declined_fraud, *everyday),) = (
        cursor.fetchall()
    )
    cursor.execute(_UNDECIDED)
    ((undecided,),) = cursor.fetchall()
    return Scoreboard(
        attacks=tuple(story for is_fraud, story in stories if is_fraud),
        lookalikes=tuple(story for is_fraud, story in stories if not is_fraud),
        orders=orders,
        fraud=fraud,
        flagged=flagged,
        declined=declined,
        precision=_share(flagged_fraud, flagged),
        decline_precision=_share(declined_fraud, declined),
        everyday=everyday[0],
        everyday_flagged=everyday[1],
        labels_without_decision=undecided,
    )


def _story(row: tuple[Any, ...]) -> tuple[bool, Story]:
    name, is_fraud, orders, caught, declined, before, seconds = row
    story = Story(
        name=name,
        orders=orders,
        caught=caught,
        declined=declined,
        share_caught=caught / orders,
        orders_to_first_flag=before,
        seconds_to_first_flag=seconds,
    )
    return is_fraud, story


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
