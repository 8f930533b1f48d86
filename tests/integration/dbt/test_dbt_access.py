"""Who can read and change what dbt has built, and that no personal data gets that far."""

import hashlib
import hmac
import json
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from dbt.contracts.graph.manifest import Manifest
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from warehouse_orders import plain_order

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

CANARY = "kanarienvogel"
PLACE = 12.345678
IP = "203.0.113.77"

PERSONAL: dict[str, Any] = {
    "customer_email": "kanarienvogel-mail@example.org",
    "customer_phone": "+49 30 77777123",
    "customer_name": "Kanarienvogel Name",
    "ip_address": IP,
    "ip_latitude": PLACE,
    "ip_longitude": PLACE,
    "browser_fingerprint": "kanarienvogel-browser",
    "card_fingerprint": "kanarienvogel-card",
    "referrer_url": "https://example.org/?who=kanarienvogel",
    "shipping": {
        **{"country": "DE", "city": "Kanarienvogelstadt", "postal_code": "kanarienvogel-1"},
        **{"latitude": PLACE, "longitude": PLACE},
    },
    "billing": {
        **{"country": "DE", "city": "Kanarienvogeldorf", "postal_code": "kanarienvogel-2"},
        **{"latitude": PLACE, "longitude": PLACE},
    },
    "not_in_the_contract": "kanarienvogel-extra",
}
SECRETS = (CANARY, "77777123", IP, str(PLACE))
"""What must be found nowhere; texts are looked for without regard to case."""


@pytest.fixture(scope="module")
def analyst(
    warehouse: Settings,
    land: Callable[..., None],
    land_dead_letter: Callable[[str], None],
    build_models: Callable[..., BuildResult],
) -> Generator[Connection]:
    """The analyst's connection, after messages full of personal data went through every model."""
    land(
        [
            *(plain_order(device_id="d1", **PERSONAL) for _ in range(12)),
            plain_order(
                customer_id="kanarienvogel-id@example.org", merchant_owner_id="+4930kanarienvogel"
            ),
            plain_order(merchant_owner_id="kanarienvogel-id@example.org"),
        ]
    )
    land_dead_letter(json.dumps(PERSONAL))
    build_models()
    _analyze(warehouse)
    connection = connect(warehouse, Role.ANALYST, application="tests")
    connection.autocommit = True
    yield connection
    connection.close()


def _analyze(warehouse: Settings) -> None:
    for role in (Role.OWNER, Role.DBT):
        with closing(connect(warehouse, role, application="tests")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("analyze")


def _ask(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def _everything_readable(analyst: Connection) -> list[tuple[str, str]]:
    """Every table and view of any schema, the catalogue's among them, that the role may read."""
    return _ask(
        analyst,
        "select n.nspname, c.relname from pg_class c join pg_namespace n"
        " on n.oid = c.relnamespace where c.relkind in ('r', 'v', 'm', 'p', 'f')"
        " and has_schema_privilege(n.oid, 'usage')"
        " and (has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'))",
    )


def test_an_analyst_reads_every_mart_and_nothing_before_them(
    analyst: Connection, manifest: Manifest
) -> None:
    marts = {
        (node.schema, node.name)
        for node in manifest.nodes.values()
        if node.resource_type == "model" and node.path.startswith("marts/")
    }
    catalogue = ("pg_catalog", "information_schema")
    readable = {found for found in _everything_readable(analyst) if found[0] not in catalogue}

    assert readable == marts


@pytest.mark.parametrize(
    "table",
    [
        "raw.transactions_stream",
        "raw.dead_letters",
        "raw.raw_transactions",
        "staging.stg_customers",
        "restricted.personal_customers",
    ],
)
def test_an_analyst_is_refused_what_comes_before_the_marts(analyst: Connection, table: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        _ask(analyst, f"select * from {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.fct_transactions",
        "update marts.dim_device set browser = 'mine'",
        "insert into marts.dim_device select * from marts.dim_device",
        "truncate marts.fct_transactions",
        "create table marts.mine (x int)",
        "create temporary table mine (x int)",
        "create schema mine",
        "create function marts.mine() returns int language sql as 'select 1'",
        "select restricted.pseudonym_pad(54)",
        "set role fraud_dbt",
    ],
)
def test_an_analyst_changes_nothing(analyst: Connection, statement: str) -> None:
    with analyst.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute(statement)


def test_an_analyst_connects_to_no_other_database(warehouse: Settings, analyst: Connection) -> None:
    databases = {name for (name,) in _ask(analyst, "select datname from pg_database")}
    open_ones: list[str] = []
    for name in sorted(databases - {warehouse.postgres_db}):
        try:
            other = warehouse.model_copy(update={"postgres_db": name})
            connect(other, Role.ANALYST, application="tests").close()
            open_ones.append(name)
        except psycopg2.OperationalError as error:
            assert "permission denied" in str(error) or "not currently accept" in str(error)

    # Databases of the same owner grant the same rights: other warehouses of this test session.
    assert {"postgres", "airflow", "template1"} & databases
    assert not {"postgres", "airflow", "template0", "template1"} & set(open_ones)


def test_what_was_landed_is_in_clear_where_it_belongs_and_nowhere_an_analyst_can_read(
    analyst: Connection, warehouse: Settings
) -> None:
    with closing(connect(warehouse, Role.DBT, application="tests")) as dbt:
        clear = _text(dbt, "restricted", "personal_transactions")
    seen = {found: _text(analyst, *found) for found in _everything_readable(analyst)}

    assert all(secret in clear for secret in SECRETS)
    assert not [(found, s) for found, text in seen.items() for s in SECRETS if s in text]


def _text(connection: Connection, schema: str, name: str) -> str:
    """All that a relation says, in small letters; empty when it may not be read after all."""
    query = sql.SQL("select t::text from {} t").format(sql.Identifier(schema, name))
    try:
        rows = _ask(connection, query.as_string(connection))
    except psycopg2.errors.InsufficientPrivilege:
        connection.rollback()
        return ""
    return " ".join(row for (row,) in rows).lower()


def test_definitions_comments_and_statistics_say_nothing_either(analyst: Connection) -> None:
    asked = (
        "select pg_get_viewdef(oid) from pg_class where relkind = 'v'",
        "select description from pg_description",
        "select coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, '')"
        " from pg_stats",
        "select prosrc from pg_proc where pronamespace::regnamespace::text !~ '^pg_'",
        "select pg_get_constraintdef(oid) from pg_constraint",
        "select coalesce(query, '') from pg_stat_activity",
        "select name || '=' || coalesce(setting, '') from pg_settings",
    )
    said = " ".join(str(value) for query in asked for (value,) in _ask(analyst, query)).lower()

    assert "fct_transactions" in said
    assert not [secret for secret in SECRETS if secret in said]
    assert "pseudonym_key=" not in said


@pytest.mark.parametrize(
    "query",
    [
        "select {column}::numeric from marts.{table}",
        "select 1 / (length({column}) - length({column})) from marts.{table}",
        "select jsonb_path_query(to_jsonb({column}), 'strict $.nothing') from marts.{table}",
        "select set_config('fraud.pseudonym_key', {column}, false)::int from marts.{table}",
    ],
)
def test_no_error_text_gives_a_personal_value_away(analyst: Connection, query: str) -> None:
    texts = _ask(
        analyst,
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts' and data_type in ('text', 'jsonb')",
    )
    said: list[str] = []
    for table, column in texts:
        asked = f'"{column}"' if "length" not in query else f'"{column}"::text'
        try:
            _ask(analyst, query.format(column=asked, table=f'"{table}"'))
        except psycopg2.Error as error:
            said.append(str(error).lower())

    assert said
    assert not [error for error in said for secret in SECRETS if secret in error]


def test_a_pseudonym_is_the_hmac_of_the_folded_value_under_the_settings_key(
    analyst: Connection, warehouse: Settings
) -> None:
    key = warehouse.pseudonym_secret().encode()

    def of(kind: str, value: str) -> str:
        return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:32]

    (found,) = _ask(
        analyst,
        "select distinct email_pseudonym, phone_pseudonym, name_pseudonym, card_pseudonym,"
        " browser_pseudonym, ip_pseudonym, shipping_pseudonym from marts.fct_transactions"
        " where device_id = 'd1'",
    )

    assert found == (
        of("email", "kanarienvogel-mail@example.org"),
        of("phone", "+493077777123"),
        of("name", "kanarienvogel name"),
        of("card", "kanarienvogel-card"),
        of("browser", "kanarienvogel-browser"),
        of("ip", IP),
        of("address", "DE|KANARIENVOGEL-1|12.3457|12.3457"),
    )


def test_a_shops_key_that_is_an_email_address_is_a_pseudonym_that_still_joins(
    analyst: Connection,
) -> None:
    customers = _ask(
        analyst,
        "select customer_id from marts.fct_transactions where customer_id like 'p\\_%'",
    )
    owned = _ask(
        analyst,
        "select merchant_owner_id from marts.fct_transactions"
        " where merchant_owner_id in (select customer_id from marts.dim_customer)",
    )

    assert len(customers) == 1
    assert owned == customers


def test_the_descriptions_travel_with_the_tables(analyst: Connection) -> None:
    ((table, column),) = _ask(
        analyst,
        "select obj_description('marts.fct_transactions'::regclass),"
        " col_description('marts.fct_transactions'::regclass, 1)",
    )

    assert table.startswith("One row per order")
    assert column


def test_dbt_needs_no_right_to_make_schemas(warehouse: Settings, analyst: Connection) -> None:
    may = _ask(
        analyst,
        f"select has_database_privilege('{warehouse.dbt_user}', current_database(), 'create')",
    )

    assert may == [(False,)]


def test_a_view_stays_while_one_that_it_reads_is_built_again(
    warehouse: Settings,
    analyst: Connection,  # noqa: ARG001 - everything is built by then
    build_models: Callable[..., BuildResult],
) -> None:
    build_models("raw_decisions")

    with closing(connect(warehouse, Role.DBT, application="tests")) as dbt:
        assert _ask(dbt, "select count(*) > 0 from staging.stg_decisions") == [(True,)]


def test_two_builds_at_once_cannot_append_an_order_twice(
    warehouse: Settings,
    analyst: Connection,  # noqa: ARG001 - everything is built by then
) -> None:
    with connect(warehouse, Role.DBT, application="tests") as dbt, dbt.cursor() as cursor:
        for table in ("raw.raw_transactions", "marts.fct_transactions"):
            cursor.execute("savepoint before")
            with pytest.raises(psycopg2.errors.UniqueViolation):
                cursor.execute(f"insert into {table} select * from {table}")
            cursor.execute("rollback to before")
    dbt.close()
