"""Exports: partitions that agree with Postgres, the same again, and readable by others."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from fraud_core.errors import ExportError, NothingToDoError
from fraud_core.settings import Role, Settings
from fraud_local.exports.datasets import DATASETS
from fraud_local.exports.day import export_day, export_with_late_days

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Ask = Callable[..., list[tuple[Any, ...]]]
DAYS = 30


@pytest.fixture(scope="module")
def month(ask: Ask) -> list[date]:
    """The last thirty days with orders."""
    ((last,),) = ask("select max(order_date) from marts.fct_transactions")
    return [last - timedelta(days=back) for back in range(DAYS)]


@pytest.fixture(scope="module")
def exports(
    platform: Settings, month: list[date], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Thirty days, exported."""
    folder = tmp_path_factory.mktemp("exports")
    for day in month:
        export_day(to_folder(platform, folder), day)
    return folder


def to_folder(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"export_url": str(folder)})


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def read(query: str) -> list[Any]:
    """What DuckDB answers."""
    relation = duckdb.sql(query)
    assert relation is not None
    return relation.fetchall()


def test_thirty_days_are_thirty_partitions_of_one_file_in_each_data_set(
    exports: Path, month: list[date]
) -> None:
    expected = {
        f"{dataset.name}/order_date={day}/part-0.parquet" for dataset in DATASETS for day in month
    }

    assert digests(exports).keys() == expected


def test_exporting_the_days_again_gives_the_same_bytes(
    exports: Path, platform: Settings, month: list[date], tmp_path: Path
) -> None:
    for day in month:
        export_day(to_folder(platform, tmp_path), day)

    assert digests(tmp_path) == digests(exports)


def test_duckdb_counts_and_sums_what_postgres_does(
    exports: Path, month: list[date], ask: Ask
) -> None:
    found = read(
        "select order_date, currency, count(*), sum(amount)::varchar "
        f"from read_parquet('{exports}/transactions/*/*.parquet', hive_partitioning = true) "
        "group by all order by all"
    )

    assert found == ask(
        "select order_date, currency, count(*), sum(amount)::numeric(38, 4)::text "
        "from marts.fct_transactions where order_date = any(%s) "
        'group by 1, 2 order by 1, currency collate "C"',
        month,
    )
    assert len({row[0] for row in found}) == DAYS


def test_decisions_and_dimensions_join_to_every_transaction(exports: Path) -> None:
    def table(name: str) -> str:
        return f"read_parquet('{exports}/{name}/*/*.parquet', hive_partitioning = true)"

    for other, key in (
        ("decisions", "ingest_id"),
        ("customers", "customer_version_id"),
        ("merchants", "merchant_id"),
    ):
        (missing,) = read(
            f"select count(*) from {table('transactions')} as t "
            f"anti join {table(other)} as o on t.{key} = o.{key} and t.order_date = o.order_date"
        )
        assert missing == (0,), other


def test_a_day_without_orders_is_an_empty_partition_with_the_same_schema(
    platform: Settings, tmp_path: Path
) -> None:
    export_day(to_folder(platform, tmp_path), date(2001, 1, 1))

    for dataset in DATASETS:
        files = f"read_parquet('{tmp_path}/{dataset.name}/*/*.parquet')"
        columns = [name for name, *_ in read(f"describe from {files}")]
        assert read(f"from {files}") == []
        assert columns == [*dataset.schema.names, "order_date"]


def test_a_day_that_is_not_built_yet_is_refused_and_the_partition_stays(
    exports: Path, platform: Settings, month: list[date], ask: Ask
) -> None:
    before = digests(exports)
    ask(
        "create table marts.taken as select * from marts.fct_transactions "
        "where order_date = %s limit 1",
        month[3],
    )
    ask("delete from marts.fct_transactions where ingest_id in (select ingest_id from marts.taken)")
    try:
        with pytest.raises(ExportError, match="waits for the pipeline"):
            export_day(to_folder(platform, exports), month[3])
    finally:
        ask("insert into marts.fct_transactions select * from marts.taken")
        ask("drop table marts.taken")

    assert digests(exports) == before


def test_days_that_orders_came_late_for_are_exported_again_with_the_day_they_came(
    platform: Settings, month: list[date], tmp_path: Path, ask: Ask
) -> None:
    ((today,),) = ask("select max(decided_at at time zone 'UTC')::date from marts.fct_transactions")
    late = [day for day in month if day < today]

    done = export_with_late_days(to_folder(platform, tmp_path), today)

    assert set(late) <= set(done.late_days)
    assert digests(tmp_path).keys() == {
        f"{dataset.name}/order_date={day}/part-0.parquet"
        for dataset in DATASETS
        for day in (today, *done.late_days)
    }
    before = export_with_late_days(to_folder(platform, tmp_path), today - timedelta(days=30))
    assert before.late_days == ()


def test_late_orders_that_are_not_built_yet_are_waited_for(
    platform: Settings, tmp_path: Path, ask: Ask
) -> None:
    last = "ingest_id = (select max(ingest_id) from marts.fct_transactions)"
    ask(f"create table marts.taken as select * from marts.fct_transactions where {last}")
    ask("delete from marts.fct_transactions where ingest_id in (select ingest_id from marts.taken)")
    try:
        with pytest.raises(ExportError, match=r"1 orders that landed .* not built"):
            export_with_late_days(to_folder(platform, tmp_path), date.today() + timedelta(days=1))
    finally:
        ask("insert into marts.fct_transactions select * from marts.taken")
        ask("drop table marts.taken")


def test_a_target_without_a_driver_is_refused_by_name(platform: Settings) -> None:
    settings = platform.model_copy(update={"export_url": "nowhere://bucket/exports"})

    with pytest.raises(ExportError, match=r"EXPORT_URL.*nowhere"):
        export_day(settings, date(2026, 1, 1))


def test_before_the_marts_are_built_there_is_nothing_to_do(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(NothingToDoError):
        export_day(to_folder(settings, tmp_path), date(2026, 1, 1))


def test_no_personal_data_leaves_with_an_export(exports: Path, ask: Ask) -> None:
    rows = ask(
        "select payload::jsonb ->> 'customer_email', payload::jsonb ->> 'ip_address', "
        "payload::jsonb ->> 'customer_name' from raw.transactions_stream limit 200"
    )
    personal = {value for row in rows for value in row if value}
    texts = {
        str(value)
        for dataset in DATASETS
        for row in read(f"from read_parquet('{exports}/{dataset.name}/*/*.parquet')")
        for value in row
    }

    assert personal
    assert not {text for text in texts if text in personal}


def test_the_analyst_cannot_read_what_the_jobs_keep(ask: Ask) -> None:
    for schema in ("reference", "replay"):
        ((allowed,),) = ask(
            "select has_schema_privilege(current_user, %s, 'usage')", schema, role=Role.ANALYST
        )
        assert allowed is False
