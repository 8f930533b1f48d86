"""Export one day: every data set's partition, replaced and counted; and the days before it that
orders landed for when it was over for them."""

from contextlib import closing
from datetime import date
from typing import Any

import msgspec
import psycopg2
import pyarrow as pa
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import ExportError, NothingToDoError, ReconciliationError
from fraud_core.settings import Role, Settings
from fraud_local.exports.datasets import DATASETS, PARTITION, Dataset, Table
from fraud_local.exports.target import ExportTarget

_LANDED_AND_BUILT = """
select
    (
        select count(*) from raw.transactions_stream
        where event_time >= %(day)s::date::timestamp at time zone 'UTC'
            and event_time < (%(day)s::date + 1)::timestamp at time zone 'UTC'
    ),
    (select count(*) from marts.fct_transactions where order_date = %(day)s),
    (select count(*) from marts.fct_decisions where order_date = %(day)s)
"""

_LATE = """
select distinct order_date from marts.fct_transactions
where order_date < %(day)s
    and decided_at >= %(day)s::date::timestamp at time zone 'UTC'
    and decided_at < (%(day)s::date + 1)::timestamp at time zone 'UTC'
order by 1
"""

_DECIDED_AND_NOT_BUILT = """
select count(*) from raw.transaction_decisions
where decided_at < (%(day)s::date + 1)::timestamp at time zone 'UTC'
    and ingest_id > (
        select least(
            (select coalesce(max(ingest_id), 0) from marts.fct_transactions),
            (select coalesce(max(ingest_id), 0) from marts.fct_decisions)
        )
    )
"""


class ExportedDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a day's export left, by data set, and which earlier days were exported again."""

    day: date
    rows: dict[str, int]
    late_days: tuple[date, ...] = ()


def export_url(settings: Settings) -> str:
    """Where the exports are."""
    return settings.export_url or str(settings.fraud_home / "exports")


def export_day(settings: Settings, day: date) -> ExportedDay:
    """Replace the partitions of a day of order time (UTC), all of one state of the warehouse.

    Raises NothingToDoError before the marts were ever built, ExportError while the day's orders
    have landed but are not built, ReconciliationError when a file does not hold what was read.
    """
    target = ExportTarget(export_url(settings))
    with closing(connect(settings, Role.DBT, application="fraud export")) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:
            _require_built(cursor, day)
            rows = {dataset.name: _export(cursor, target, dataset, day) for dataset in DATASETS}
    return ExportedDay(day=day, rows=rows)


def export_with_late_days(settings: Settings, day: date) -> ExportedDay:
    """Export `day`, and then each earlier day of order time that orders landed for on it.

    So a run a day leaves no order out, however late it comes, and however long it waited in Kafka.
    Raises as `export_day` does, and ExportError while what landed until the end of the day is not
    built.
    """
    exported = export_day(settings, day)
    with (
        closing(connect(settings, Role.DBT, application="fraud export")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(_DECIDED_AND_NOT_BUILT, {"day": day})
        ((waiting,),) = cursor.fetchall()
        if waiting:
            raise ExportError(
                f"{waiting:,} orders that landed until the end of {day} are not built: the "
                "export of the days that they are of waits for the pipeline"
            )
        cursor.execute(_LATE, {"day": day})
        late = tuple(found for (found,) in cursor.fetchall())
    for earlier in late:
        export_day(settings, earlier)
    return msgspec.structs.replace(exported, late_days=late)


def _require_built(cursor: Cursor, day: date) -> None:
    try:
        cursor.execute(_LANDED_AND_BUILT, {"day": day})
    except psycopg2.errors.UndefinedTable as error:
        raise NothingToDoError("the marts were not built yet, so nothing is exported") from error
    landed, built, decided = cursor.fetchall()[0]
    if min(built, decided) < landed:  # more than landed is well: retention drops what has landed
        raise ExportError(
            f"of {landed:,} orders of {day} {built:,} are in marts.fct_transactions and "
            f"{decided:,} in marts.fct_decisions: the export waits for the pipeline"
        )


def _export(cursor: Cursor, target: ExportTarget, dataset: Dataset, day: date) -> int:
    cursor.execute(dataset.query, {"day": day})
    read = cursor.fetchall()
    path = target.replace(f"{dataset.name}/{PARTITION}={day}", _table(dataset, read))
    written = target.rows(path)
    if written != len(read):
        raise ReconciliationError(
            f"{path} holds {written:,} rows, and Postgres has {len(read):,}: something else wrote "
            "the file meanwhile; export the day again"
        )
    return written


def _table(dataset: Dataset, rows: list[tuple[Any, ...]]) -> Table:
    """Every value as the schema says, or ExportError naming the data set."""
    columns = list(zip(*rows, strict=True)) or [()] * len(dataset.schema)
    try:
        arrays = [
            pa.array(column, type=field.type)
            for column, field in zip(columns, dataset.schema, strict=True)
        ]
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise ExportError(
            f"data set {dataset.name}: a column no longer fits the exported schema: {error}"
        ) from error
    return pa.Table.from_arrays(arrays, schema=dataset.schema)
