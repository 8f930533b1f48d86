"""Each role can do its work and nothing else; migrating again changes nothing."""

import threading
from contextlib import closing

import psycopg2
import pytest
from psycopg2 import sql
from pydantic import SecretStr

from fraud_core.database import connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings

pytestmark = pytest.mark.integration


def run_as(settings: Settings, role: Role, statement: str) -> None:
    connection = connect(settings, role, application="tests")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.ANALYST, "select * from raw.transactions_stream"),
        (Role.ANALYST, "create table marts.mine ()"),
        (Role.ANALYST, "create table public.mine ()"),
        (Role.CONSUMER, "update raw.transaction_decisions set outcome = 'approve'"),
        (Role.CONSUMER, "delete from raw.transactions_stream"),
        (Role.CONSUMER, "truncate raw.dead_letters"),
        (Role.CONSUMER, "delete from raw.stream_offsets"),
        (Role.CONSUMER, "create table raw.mine ()"),
        (Role.CONSUMER, "delete from raw.transaction_keys"),
        (Role.CONSUMER, "update raw.transaction_keys set ingest_id = 0"),
        (Role.CONSUMER, "delete from raw.transaction_labels"),
        (Role.CONSUMER, "update raw.duplicate_transactions set transaction_id = ''"),
        (Role.CONSUMER, "delete from raw.transactions_stream_0"),
        (Role.CONSUMER, "drop table raw.transactions_stream_0"),
        (Role.DBT, "select * from raw.scorer_snapshot_chunks"),
        (Role.DBT, "select raw.ensure_partitions(1)"),
        (Role.DBT, "update raw.stream_breaker set tripped_at = null"),
        (Role.DBT, "select raw.settle_partitions()"),
        (Role.ANALYST, "select raw.ensure_partitions(1)"),
        (Role.ANALYST, "select raw.settle_partitions()"),
        (Role.DBT, "insert into raw.stream_offsets values ('t', 0, 'i', 0, now())"),
        (Role.DBT, "drop table raw.transactions_stream"),
        (Role.DBT, "update raw.transactions_stream set payload = ''"),
    ],
)
def test_a_role_is_refused_what_is_not_its_work(
    settings: Settings, role: Role, statement: str
) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        run_as(settings, role, statement)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.CONSUMER, "select * from raw.transactions_stream"),
        (Role.CONSUMER, "select raw.ensure_partitions(1)"),
        (Role.CONSUMER, "select raw.settle_partitions()"),
        (Role.DBT, "select * from raw.transactions_stream"),
        (Role.DBT, "create table staging.mine (); drop table staging.mine"),
        (Role.AIRFLOW, "create table public.mine (); drop table public.mine"),
    ],
)
def test_a_role_may_do_its_work(settings: Settings, role: Role, statement: str) -> None:
    run_as(settings, role, statement)


@pytest.mark.parametrize("role", [Role.CONSUMER, Role.DBT, Role.ANALYST])
def test_only_airflow_gets_into_airflows_database(settings: Settings, role: Role) -> None:
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        connect(settings, role, application="tests", dbname=settings.airflow_db)


def test_what_a_killed_migration_left_open_is_closed_by_the_next(settings: Settings) -> None:
    owner = connect(settings, Role.OWNER, application="tests")
    with closing(owner), owner.cursor() as cursor:
        for left in (
            "grant {airflow} to current_user",
            "grant connect, temporary on database {database} to public",
        ):
            cursor.execute(
                sql.SQL(left).format(
                    airflow=sql.Identifier(settings.airflow_db_user),
                    database=sql.Identifier(settings.airflow_db),
                )
            )
        owner.commit()
        migrate(settings)
        cursor.execute(
            "select has_database_privilege('public', %s, 'connect'), count(*)"
            " from pg_auth_members where roleid = (select oid from pg_roles where rolname = %s)"
            " and member = grantor",
            (settings.airflow_db, settings.airflow_db_user),
        )
        assert cursor.fetchall() == [(False, 0)]


def test_migrating_again_finds_nothing_to_do(settings: Settings) -> None:
    assert migrate(settings) == []


def test_several_may_migrate_at_once(settings: Settings) -> None:
    done: list[list[str]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(settings))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [[], [], []]


def test_a_changed_password_becomes_the_roles(settings: Settings) -> None:
    changed = settings.model_copy(update={"analyst_password": SecretStr("another one")})
    migrate(changed)
    run_as(changed, Role.ANALYST, "select 1")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        run_as(settings, Role.ANALYST, "select 1")
    migrate(settings)
    run_as(settings, Role.ANALYST, "select 1")


def test_passwords_are_stored_as_scram_hashes_only(settings: Settings) -> None:
    connection = connect(settings, Role.OWNER, application="tests")
    with connection, connection.cursor() as cursor:
        cursor.execute("show password_encryption")
        assert cursor.fetchone() == ("scram-sha-256",)
    connection.close()
