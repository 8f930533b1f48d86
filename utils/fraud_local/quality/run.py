"""Make a check and say what it found."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg2

from fraud_core.database import connect
from fraud_core.errors import NothingToDoError, QualityError, SettingsError, WarehouseError
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, run_tests
from fraud_local.landed import partition_accounts, require_complete
from fraud_local.quality.checks import (
    CHECKS,
    FEATURE_PARITY,
    NAMES,
    REPLAY_PARITY,
    SHOWN_ROWS,
    STREAM_COMPLETE,
    WHOLE_HISTORY,
    Check,
)
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.replay.request import Request
from fraud_stream.replay.run import rescore
from fraud_stream.replay.store import compared, differing

PARITY_HOURS = 1
PARITY_DECISIONS = 2_000
"""Decisions of the newest 20,000, chosen at random, whose features are recomputed."""


class Passed(msgspec.Struct, frozen=True):
    """A check that found nothing wrong."""

    check: str
    holds: str


def run_check(settings: Settings, name: str) -> Passed:
    """Make one check. Raises QualityError with the offending rows and the query that finds them.

    Raises NothingToDoError when what is to be checked is not there yet.
    """
    if name not in NAMES:
        raise SettingsError(f"there is no check {name}; there are {', '.join(NAMES)}")
    special = {
        STREAM_COMPLETE: _stream_complete,
        WHOLE_HISTORY: _whole_history,
        FEATURE_PARITY: _feature_parity,
        REPLAY_PARITY: _replay_parity,
    }
    return special[name](settings) if name in special else _run(settings, CHECKS[name])


def _run(settings: Settings, check: Check) -> Passed:
    limits = {
        "freshness_minutes": settings.freshness_minutes,
        "dead_letter_percent": settings.dead_letter_percent,
        "labels_expected_days": settings.labels_expected_days,
    }
    with (
        closing(connect(settings, Role.DBT, application=f"quality {check.name}")) as connection,
        connection.cursor() as cursor,
    ):
        connection.set_session(readonly=True)
        try:
            cursor.execute(check.query, limits)
        except psycopg2.errors.UndefinedTable as error:
            raise NothingToDoError(f"{check.name}: the marts were not built yet") from error
        rows = cursor.fetchmany(SHOWN_ROWS + 1)
        names = [column.name for column in cursor.description or ()]
        query = cursor.query.decode() if cursor.query else check.query
    if rows:
        raise QualityError(_complaint(check, names, rows, query))
    return Passed(check.name, check.holds)


def _complaint(check: Check, names: list[str], rows: list[tuple[Any, ...]], query: str) -> str:
    lines = [
        "  " + ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))
        for row in rows[:SHOWN_ROWS]
    ]
    more = [f"  and more than these {SHOWN_ROWS}"] if len(rows) > SHOWN_ROWS else []
    found = "\n".join([*lines, *more])
    return f"it does not hold that {check.holds}:\n{found}\n{check.advice}\nThe query:\n{query}"


def _stream_complete(settings: Settings) -> Passed:
    """Every message read is in exactly one table; the message names the partitions."""
    accounts = partition_accounts(settings)
    if not any(account.orders for account in accounts):
        raise NothingToDoError(f"{STREAM_COMPLETE}: no order has landed yet")
    require_complete(accounts)
    return Passed(STREAM_COMPLETE, "every message read has landed in exactly one table")


def _feature_parity(settings: Settings) -> Passed:
    """The features stored with decisions are what SQL makes of the raw orders."""
    _require_built(settings, "raw.raw_decisions", FEATURE_PARITY)
    result = run_tests(
        settings, select=["tag:parity"], variables={"parity_sample": PARITY_DECISIONS}
    )
    _require_passed(settings, Check(FEATURE_PARITY, _SAME_FEATURES, "", _WRONG_FEATURES), result)
    return Passed(FEATURE_PARITY, _SAME_FEATURES)


_SAME_FEATURES = "every feature stored with a decision is what SQL makes of the raw orders"
_WRONG_FEATURES = (
    "Was the platform upgraded since these orders were decided (decided_at tells when)? A feature "
    "that is reckoned otherwise from a version on differs for what was decided before, "
    "until newer decisions are the sample. If not: was a table of schema raw changed by something "
    "else? If that was not either, the scorer reckons a feature otherwise than its definition says."
)


def _whole_history(settings: Settings) -> Passed:
    """The data tests that no build makes, because they read all of history; no others."""
    _require_built(settings, "marts.vw_customer_fraud_summary", WHOLE_HISTORY)
    result = run_tests(settings, select=["tag:complete"], exclude=["tag:parity"])
    _require_passed(settings, Check(WHOLE_HISTORY, _SOUND_HISTORY, "", _UNSOUND_HISTORY), result)
    return Passed(WHOLE_HISTORY, _SOUND_HISTORY)


_SOUND_HISTORY = "what is reckoned from all of history passes its data tests"
_UNSOUND_HISTORY = (
    "Was a table of the marts changed by something else? A run of kafka_streaming_pipeline with "
    "full_refresh makes them anew."
)


def _require_passed(settings: Settings, check: Check, result: BuildResult) -> None:
    """Raises QualityError with the rows that a data test found, as a check's own query would."""
    for test in result.problems:
        if test.status != "fail":
            raise WarehouseError(f"{test.name}: {test.message}")
        query = test.query.replace("%", "%%")  # it takes no limits
        _run(settings, msgspec.structs.replace(check, query=query))


def _require_built(settings: Settings, relation: str, check: str) -> None:
    with (
        closing(connect(settings, Role.DBT, application=f"quality {check}")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select to_regclass(%s) is not null", (relation,))
        if cursor.fetchall() != [(True,)]:
            raise NothingToDoError(f"{check}: the models were not built yet")


def _replay_parity(settings: Settings) -> Passed:
    """The newest hour of orders, decided anew from what was known then, is decided the same."""
    book = RuleFiles.of(settings).book
    with (
        closing(connect(settings, Role.DBT, application=f"quality {REPLAY_PARITY}")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_NEWEST_BY, (book.version, book.lists.version))
        newest: datetime | None = cursor.fetchall()[0][0]
    if newest is None:
        raise NothingToDoError(
            f"no order was decided by rule set {book.version} with lists {book.lists.version} yet"
        )
    since = newest.astimezone(UTC) - timedelta(hours=PARITY_HOURS)
    found = rescore(settings, Request(source="raw", since=since), book)
    replay_id = found.replay_id
    looked_at = _by_versions_in_force(compared(replay_id), replay_id)
    query = _by_versions_in_force(differing(replay_id), replay_id)
    orders, differences = (_count(settings, rows) for rows in (looked_at, query))
    if differences:
        same = (
            f"the {orders:,} orders placed since {since.isoformat()} are decided the same when "
            f"they are replayed ({differences:,} are not: replay_id {replay_id})"
        )
        _run(settings, Check(REPLAY_PARITY, same, query, _DECIDED_DIFFERENTLY))
        raise QualityError(f"{same}. They are gone from the ledger by now: run it again")
    return Passed(REPLAY_PARITY, f"{orders:,} orders are decided the same when replayed")


def _by_versions_in_force(rows: str, replay_id: int) -> str:
    """Of rows with an ingest_id those that were decided by the replay's own rules and lists.

    What earlier versions decided is replayed too, because later orders look back on it.
    """
    return _SAME_VERSIONS.format(rows=rows, replay_id=replay_id)


def _count(settings: Settings, query: str) -> int:
    with (
        closing(connect(settings, Role.DBT, application=f"quality {REPLAY_PARITY}")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"select count(*) from ({query}) as found")  # noqa: S608 - of constants
        return cursor.fetchall()[0][0]


_DECIDED_DIFFERENTLY = (
    "`fraud explain TRANSACTION_ID` shows what was decided, replay.decisions what is now. Was the "
    "content of the rule set or of the lists changed without another version? If not, scoring is "
    "no longer deterministic."
)

_SAME_VERSIONS = """
select found.*
from ({rows}) as found
inner join raw.transaction_decisions as own using (ingest_id)
inner join replay.runs as run using (rule_set_version, lists_version)
where run.replay_id = {replay_id}
order by ingest_id desc
"""

_NEWEST_BY = """
select max(orders.event_time)
from raw.transactions_stream as orders
inner join raw.transaction_decisions as ledger using (ingest_id)
where
    ledger.ingest_id > (select max(ingest_id) - 100000 from raw.transaction_decisions)
    and ledger.rule_set_version = %s and ledger.lists_version = %s
"""
