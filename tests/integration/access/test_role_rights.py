"""Who may do what in Postgres: every right of every role, against a table kept beside this file."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from role_rights import expected, role_rights

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.role_limits import LIMITS
from fraud_core.settings import Role, Settings
from fraud_local.dbt import build

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TABLE = Path(__file__).with_name("role_rights.txt")


@pytest.fixture(scope="module")
def warehouse(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Generator[Settings]:
    """A migrated database of its own, with every model built."""
    database = f"rights_{uuid4().hex}"
    own = settings.model_copy(
        update={"postgres_db": database, "fraud_home": tmp_path_factory.mktemp("home")}
    )
    with closing(connect(settings, Role.OWNER, application="tests")) as owner:
        owner.autocommit = True
        named = sql.Identifier(database)
        owner.cursor().execute(sql.SQL("create database {}").format(named))
        migrate(own)
        result = build(own, data_tests=False)
        assert result.is_good, result.problems
        yield own
        owner.cursor().execute(sql.SQL("drop database {}").format(named))


@pytest.fixture
def owner(warehouse: Settings) -> Generator[Connection]:
    with closing(connect(warehouse, Role.OWNER, application="tests")) as connection:
        yield connection


def test_every_right_of_every_role_is_one_of_the_table(
    warehouse: Settings, owner: Connection
) -> None:
    wanted, found = set(expected(TABLE.read_text())), set(role_rights(owner, warehouse))
    new, gone = sorted(found - wanted), sorted(wanted - found)

    assert not new, "\n".join([f"{TABLE.name} does not list:", *new])
    assert not gone, "\n".join([f"only {TABLE.name} lists:", *gone])


@pytest.mark.parametrize(
    ("statement", "as_role"),
    [
        ("grant delete on raw.transaction_decisions to {consumer}", Role.OWNER),
        ("grant update (outcome) on raw.transaction_decisions to {consumer}", Role.OWNER),
        ("grant select on raw.dead_letters to public", Role.OWNER),
        ("grant usage on schema restricted to {analyst}", Role.OWNER),
        ("grant execute on function raw.ensure_partitions(bigint) to {dbt}", Role.OWNER),
        ("grant select on staging.stg_transactions to {analyst}", Role.DBT),
        ("grant create on schema marts to {analyst}", Role.OWNER),
        ("grant temporary on database {database} to public", Role.OWNER),
        ("grant {consumer} to {dbt}", Role.OWNER),
        ("alter role {analyst} createdb", Role.OWNER),
        ("alter role {analyst} connection limit 90", Role.OWNER),
        ("alter role {dbt} set statement_timeout = 0", Role.OWNER),
        ("alter default privileges in schema raw grant select on tables to {analyst}", Role.OWNER),
        ("create function marts.mine() returns int language sql as 'select 1'", Role.DBT),
        ("create table marts.mine (x int)", Role.DBT),
        (
            "create type marts.mine as (x int); grant usage on type marts.mine to {analyst}",
            Role.DBT,
        ),
        ("select lo_create(7)", Role.CONSUMER),
        ("create publication everything", Role.OWNER),
    ],
)
def test_a_new_right_is_seen(
    warehouse: Settings, owner: Connection, statement: str, as_role: Role
) -> None:
    before = role_rights(owner, warehouse)
    named = {str(role): sql.Identifier(warehouse.login(role)[0]) for role in Role}
    named["database"] = sql.Identifier(warehouse.postgres_db)

    with closing(connect(warehouse, as_role, application="tests")) as changing:
        changing.cursor().execute(sql.SQL(statement).format(**named))
        seen = role_rights(changing, warehouse)
        changing.rollback()

    assert seen != before


@pytest.mark.parametrize("verb", ["update {} set outcome = 'approve'", "delete from {}"])
@pytest.mark.parametrize("table", ["raw.transaction_decisions", "raw.transaction_decisions_0"])
def test_the_consumer_cannot_change_a_decision(warehouse: Settings, verb: str, table: str) -> None:
    with (
        closing(connect(warehouse, Role.CONSUMER, application="tests")) as consumer,
        pytest.raises(psycopg2.errors.InsufficientPrivilege),
    ):
        consumer.cursor().execute(verb.format(table))


@pytest.mark.parametrize("role", list(Role))
def test_a_session_gets_its_roles_limits(warehouse: Settings, role: Role) -> None:
    limits = LIMITS[role]
    with closing(connect(warehouse, role, application="tests")) as session:
        cursor = session.cursor()
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            wanted = getattr(limits, name) or "0"
            cursor.execute(
                "select setting::bigint = extract(epoch from %s::interval) * 1000"
                " from pg_settings where name = %s",
                (wanted, name),
            )
            assert cursor.fetchone() == (True,), name


def test_the_limits_leave_room_for_the_owner_and_a_superuser(owner: Connection) -> None:
    cursor = owner.cursor()
    cursor.execute(
        "select current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
    )
    ((room,),) = cursor.fetchall()

    assert sum(limits.connections or 0 for limits in LIMITS.values()) <= room - 5


def test_a_limit_that_somebody_set_stays(warehouse: Settings, owner: Connection) -> None:
    name = sql.Identifier(warehouse.analyst_user)
    owner.autocommit = True
    cursor = owner.cursor()
    cursor.execute(sql.SQL("alter role {} connection limit 7").format(name))
    try:
        migrate(warehouse)
        cursor.execute(
            "select rolconnlimit from pg_roles where rolname = %s", (warehouse.analyst_user,)
        )
        assert cursor.fetchall() == [(7,)]
    finally:
        cursor.execute(
            sql.SQL("alter role {} connection limit {}").format(
                name, sql.Literal(LIMITS[Role.ANALYST].connections)
            )
        )
