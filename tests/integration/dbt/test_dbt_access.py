"""Who can read and change what dbt has built."""

from collections.abc import Callable, Generator
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult

pytestmark = pytest.mark.integration

Order = dict[str, Any]

PERSONAL: dict[str, Any] = {
    "customer_email": "canary-mail@example.org",
    "customer_phone": "canary-phone",
    "customer_name": "Canary Name",
    "ip_address": "203.0.113.77",
    "ip_latitude": 12.3456,
    "browser_fingerprint": "canary-browser",
    "card_fingerprint": "canary-card",
    "shipping": {"country": "DE", "city": "Canarytown", "postal_code": "canary-1"},
    "billing": {"country": "DE", "city": "Canaryville", "postal_code": "canary-2"},
}


@pytest.fixture(scope="module")
def analyst(
    warehouse: Settings,
    land: Callable[[list[Order]], None],
    an_order: Callable[..., Order],
    build_models: Callable[..., BuildResult],
) -> Generator[Connection]:
    """The analyst's connection, after an order full of personal data went through every model."""
    land([an_order(device_id="d1", **PERSONAL)])
    build_models()
    connection = connect(warehouse, Role.ANALYST, application="tests")
    connection.autocommit = True
    yield connection
    connection.close()


def _readable(analyst: Connection) -> list[tuple[str, str]]:
    with analyst.cursor() as cursor:
        cursor.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n"
            " on n.oid = c.relnamespace where n.nspname in ('raw', 'staging', 'marts')"
            " and c.relkind in ('r', 'v', 'm', 'p') and has_schema_privilege(n.oid, 'usage')"
            " and has_table_privilege(c.oid, 'select')"
        )
        return cursor.fetchall()


def test_an_analyst_reads_every_mart_and_nothing_before_them(
    analyst: Connection, warehouse: Settings
) -> None:
    marts = (warehouse.fraud_project / "dbt/models/marts").glob("*.sql")

    assert sorted(_readable(analyst)) == sorted(("marts", model.stem) for model in marts)


@pytest.mark.parametrize(
    "table", ["raw.raw_transactions", "staging.stg_customers", "raw.transactions_stream"]
)
def test_an_analyst_is_refused_what_holds_personal_data(analyst: Connection, table: str) -> None:
    with analyst.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(f"select * from {table}")


@pytest.mark.parametrize(
    "statement",
    ["delete from marts.fct_transactions", "create table marts.mine (x int)", "create schema mine"],
)
def test_an_analyst_changes_nothing(analyst: Connection, statement: str) -> None:
    with analyst.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_personal_data_reaches_staging_and_no_mart(
    analyst: Connection, warehouse: Settings
) -> None:
    canaries = ["canary", "203.0.113.77", "12.3456"]
    with analyst.cursor() as cursor:
        seen = [_text(cursor, f"{schema}.{name}") for schema, name in _readable(analyst)]
    with connect(warehouse, Role.DBT, application="tests") as dbt, dbt.cursor() as cursor:
        staged = _text(cursor, "staging.stg_transactions")
    dbt.close()

    assert all(canary in staged for canary in canaries)
    assert not [canary for canary in canaries for text in seen if canary in text]


def _text(cursor: Any, relation: str) -> str:
    cursor.execute(f"select coalesce(string_agg(t::text, ' '), '') from {relation} t")
    (text,) = cursor.fetchone()
    return text.lower()


def test_the_descriptions_travel_with_the_tables(analyst: Connection) -> None:
    with analyst.cursor() as cursor:
        cursor.execute(
            "select obj_description('marts.fct_transactions'::regclass),"
            " col_description('marts.fct_transactions'::regclass, 1)"
        )
        table, column = cursor.fetchone() or ("", "")

    assert table.startswith("One row per order")
    assert column


def test_dbt_needs_no_right_to_make_schemas(warehouse: Settings, analyst: Connection) -> None:
    with analyst.cursor() as cursor:
        cursor.execute(
            "select has_database_privilege(%s, current_database(), 'create')",
            (warehouse.dbt_user,),
        )

        assert cursor.fetchone() == (False,)


def test_two_builds_at_once_cannot_append_an_order_twice(warehouse: Settings) -> None:
    with connect(warehouse, Role.DBT, application="tests") as dbt, dbt.cursor() as cursor:
        for table in ("raw.raw_transactions", "marts.fct_transactions"):
            cursor.execute("savepoint before")
            with pytest.raises(psycopg2.errors.UniqueViolation):
                cursor.execute(f"insert into {table} select * from {table}")
            cursor.execute("rollback to before")
    dbt.close()
