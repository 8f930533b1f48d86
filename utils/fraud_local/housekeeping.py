"""What must be thrown away, made ready or looked at from time to time."""

from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import NothingToDoError
from fraud_core.settings import Role, Settings

KEPT_REPLAY_DAYS = 30


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """What retention did: orders dropped by partition, which are all of it unless it goes on."""

    older_than: datetime
    partitions: dict[str, int]


class DeadLetters(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters of the last day, all that nobody has dealt with, and the commonest reasons."""

    last_day: int
    open: int
    reasons: dict[str, int]


def drop_old(settings: Settings) -> Dropped:
    """Drop orders older than RETENTION_DAYS, if the marts have them: whole partitions, and of the
    next one a month's orders or more together.

    Raises NothingToDoError before the marts were ever built.
    """
    rows = _ask(settings, Role.DBT, _DROP, {"days": settings.retention_days})
    return Dropped(
        older_than=rows[0][2], partitions={name: count for name, count, _ in rows if name}
    )


def make_partitions(settings: Settings) -> int:
    """See to it that the next orders have a partition; returns the first ingest_id without one.

    Partitions that are full by now are left to Postgres to vacuum, which waited for that.
    """
    _ask(settings, Role.CONSUMER, _SETTLE, {})
    return _ask(settings, Role.CONSUMER, _MAKE, {})[0][0]


def prune(settings: Settings) -> dict[str, int]:
    """Forget useless snapshots of scorers and old replays, and what RETENTION_DAYS says of people.

    Dead letters lose their bytes and stay counted. Personal data of orders that were dropped goes
    too, and that of customers all of whose orders were; the marts keep what they counted.
    """
    days = {"days": settings.retention_days}
    snapshots = _ask(settings, Role.CONSUMER, _SNAPSHOTS, {})
    replays = _ask(settings, Role.DBT, _REPLAYS, {"days": KEPT_REPLAY_DAYS})
    ((letters,),) = _ask(settings, Role.DBT, _OLD_DEAD_LETTERS, days)
    return {
        "snapshots": len(snapshots),
        "replays": len(replays),
        "dead_letters": letters,
        "personal_orders": _forgotten(settings, _PEOPLE_OF_DROPPED_ORDERS),
        "personal_customers": _forgotten(settings, _CUSTOMERS_OF_DROPPED_ORDERS),
    }


def dead_letters(settings: Settings) -> DeadLetters:
    """How many there are, and why."""
    rows = _ask(settings, Role.DBT, _DEAD_LETTERS, {})
    return DeadLetters(
        last_day=sum(recent for _, recent, _ in rows),
        open=sum(waiting for _, _, waiting in rows),
        reasons={reason: waiting for reason, _, waiting in rows if waiting},
    )


def _forgotten(settings: Settings, statement: str) -> int:
    try:
        return len(_ask(settings, Role.DBT, statement, {}))
    except NothingToDoError:
        return 0


def _ask(
    settings: Settings, role: Role, query: str, parameters: dict[str, Any]
) -> list[tuple[Any, ...]]:
    with (
        closing(connect(settings, role, application="fraud housekeeping")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        return _rows(cursor, query, parameters)


def _rows(cursor: Cursor, query: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    try:
        cursor.execute(query, parameters)
    except psycopg2.errors.UndefinedTable as error:
        raise NothingToDoError("the marts were not built yet, so nothing is dropped") from error
    return cursor.fetchall()


_DROP = """
with limits as (
    select
        clock_timestamp() - make_interval(days => %(days)s) as older_than,
        -- Every model that reads the ledger itself. An empty one has taken in nothing, and least()
        -- would skip its null; that of hits is also empty when no rule has ever fired.
        least(
            coalesce((select max(ingest_id) from marts.fct_transactions), 0),
            coalesce((select max(ingest_id) from marts.fct_decisions), 0),
            coalesce(
                (select max(ingest_id) from marts.fct_rule_hits),
                (
                    select max(ingest_id) from marts.fct_decisions
                    having sum(rule_count + shadow_rule_count + snoozed_rule_count) = 0
                ),
                0
            ),
            coalesce((select max(last_ingest_id) from marts.mart_rule_overlaps), 0),
            coalesce((select max(ingest_id) from restricted.personal_transactions), 0)
        ) as built_up_to
)
select dropped.partition_name, dropped.dropped_rows, limits.older_than
from limits
left join lateral raw.drop_old_partitions(limits.older_than, limits.built_up_to) as dropped on true
"""

_MAKE = """
select raw.ensure_partitions(
    coalesce((select max(last_ingest_id) from raw.scorer_lease), 0) + 1000000
)
"""

_SETTLE = "select raw.settle_partitions()"

_SNAPSHOTS = """
delete from raw.scorer_snapshots
where sha256 is null
and taken_at < clock_timestamp() - interval '1 hour'
returning snapshot_id
"""

_REPLAYS = """
delete from replay.runs
where finished_at < clock_timestamp() - make_interval(days => %(days)s)
returning replay_id
"""

_OLD_DEAD_LETTERS = """
select raw.empty_old_dead_letters(clock_timestamp() - make_interval(days => %(days)s))
"""

_PEOPLE_OF_DROPPED_ORDERS = """
delete from restricted.personal_transactions
where ingest_id < (select min(ingest_id) from raw.transactions_stream)
returning ingest_id
"""

_CUSTOMERS_OF_DROPPED_ORDERS = """
delete from restricted.personal_customers
where last_ingest_id < (select min(ingest_id) from raw.transactions_stream)
returning customer_id
"""

_DEAD_LETTERS = """
select
    letters.reason,
    count(*) filter (where letters.landed_at > clock_timestamp() - interval '1 day'),
    count(*) filter (
        where not exists (
            select from raw.dead_letter_actions as actions
            where actions.dead_letter_id = letters.dead_letter_id
        )
    )
from raw.dead_letters as letters
group by letters.reason
order by 3 desc, 1
"""
