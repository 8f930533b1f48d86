"""How well the detector did against the simulation's truth: decisions joined to labels.

All figures come out of Postgres. An order is fraud when an injected label says so, and honest
otherwise; what people found is not asked.
"""

from datetime import datetime
from typing import Any

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.settings import Role, Settings

# The decisions that are asked for, and the truth; a label sent twice counts once.
_JUDGED = """
with injected as (
    select distinct transaction_id, reason, label
    from raw.transaction_labels where source = 'injected'
),
decided as (
    select
        ledger.ingest_id, ledger.transaction_id, orders.event_time,
        ledger.outcome <> 'approve' as caught, ledger.outcome = 'decline' as declined
    from raw.transaction_decisions as ledger
    join raw.transactions_stream as orders using (ingest_id)
    where
        ledger.rule_set_version = coalesce(%(rule_set)s, ledger.rule_set_version)
        and orders.event_time >= coalesce(%(since)s, '-infinity'::timestamptz)
        and orders.event_time < coalesce(%(until)s, 'infinity'::timestamptz)
)"""

# A story's orders in the order in which they were decided; `caught` is review or decline.
_STORIES = f"""{_JUDGED},
stories as (
    select
        injected.reason as name, injected.label = 'fraud' as is_fraud,
        decided.ingest_id, decided.event_time, decided.caught, decided.declined
    from injected join decided using (transaction_id)
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
"""  # noqa: S608 - a constant

_OVERALL = f"""{_JUDGED},
truth as (
    select transaction_id, bool_or(label = 'fraud') as is_fraud from injected group by 1
),
judged as (
    select
        decided.*, coalesce(truth.is_fraud, false) as is_fraud, truth.is_fraud is null as everyday
    from decided left join truth using (transaction_id)
)
select
    count(*),
    count(*) filter (where is_fraud),
    count(*) filter (where caught),
    count(*) filter (where caught and is_fraud),
    count(*) filter (where declined),
    count(*) filter (where declined and is_fraud),
    count(*) filter (where everyday),
    count(*) filter (where everyday and caught),
    exists (select from injected)
from judged
"""  # noqa: S608 - a constant

_UNDECIDED = """
select count(*) from raw.transaction_labels as labels
where labels.source = 'injected' and not exists (
    select from raw.transaction_keys as keys
    where keys.transaction_id = labels.transaction_id
)
"""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which decisions: by a rule set, and on orders placed from `since` to before `until`."""

    rule_set: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ALL = Asked()


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

    Without `has_truth` no injected label has landed at all, and precision is None too. `everyday`
    orders belong to no story; `labels_without_decision` belong to orders that have not landed
    (yet).
    """

    has_truth: bool
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


def read_scoreboard(settings: Settings, asked: Asked = ALL) -> Scoreboard:
    """Ask Postgres, in one snapshot. Raises psycopg2.Error."""
    connection = connect(settings, Role.DBT, application="scoreboard")
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:
            return _read(cursor, msgspec.structs.asdict(asked))
    finally:
        connection.close()


def _read(cursor: Cursor, asked: dict[str, Any]) -> Scoreboard:
    cursor.execute(_STORIES, asked)
    stories = [_story(row) for row in cursor.fetchall()]
    cursor.execute(_OVERALL, asked)
    (found,) = cursor.fetchall()
    orders, fraud, flagged, flagged_fraud, declined, declined_fraud, *everyday, has_truth = found
    cursor.execute(_UNDECIDED)
    ((undecided,),) = cursor.fetchall()
    return Scoreboard(
        has_truth=has_truth,
        attacks=tuple(story for is_fraud, story in stories if is_fraud),
        lookalikes=tuple(story for is_fraud, story in stories if not is_fraud),
        orders=orders,
        fraud=fraud,
        flagged=flagged,
        declined=declined,
        precision=_share(flagged_fraud, flagged if has_truth else 0),
        decline_precision=_share(declined_fraud, declined if has_truth else 0),
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
