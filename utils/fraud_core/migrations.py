"""Bring a database to the newest schema: roles, numbered migrations, Airflow's own database.

Runs as the owner, who need not be a superuser: CREATEROLE and CREATEDB are enough. Safe to run at
any time and by several at once, because everything happens under one advisory lock.
"""

from collections.abc import Generator
from contextlib import contextmanager, nullcontext, suppress

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extensions import encrypt_password

from fraud_core.database import connect
from fraud_core.errors import DatabaseError, SettingsError
from fraud_core.role_limits import set_limits
from fraud_core.settings import Role, Settings

LOGINS = (Role.CONSUMER, Role.DBT, Role.ANALYST, Role.AIRFLOW)
"""The roles that a migration makes; the owner is there before, because it runs the migration."""

ADVISORY_LOCK = 4_242_001
"""Held while migrating; any number does that nothing else in the database uses."""

APPLICATION = "fraud-migrate"


def migrate(settings: Settings) -> list[str]:
    """Make roles, schema and Airflow's database what this version of the code expects.

    Returns the revisions applied now, oldest first: an empty list means that there was nothing to
    do. The settings' passwords become those of the roles. Raises SettingsError when a password or
    the folder of the migrations is missing, and DatabaseError when the owner lacks a right, or a
    newer version of the code has migrated the database further than this one knows.
    """
    with _lone_migration(settings) as owner:
        try:
            for role in LOGINS:
                _ensure_login(settings, owner, role)
            set_limits(settings, owner)
            applied = _apply_revisions(settings)
            _ensure_airflow_database(settings, owner)
            close_maintenance_databases(owner)
        except errors.InsufficientPrivilege as error:
            raise DatabaseError(
                f"role {settings.postgres_user!r} (POSTGRES_USER) may not do this: "
                f"{str(error).strip()}. It needs CREATEROLE and CREATEDB, ownership of database "
                f"{settings.postgres_db!r}, and the roles it did not make itself granted to it "
                "with admin option"
            ) from error
    return applied


@contextmanager
def _lone_migration(settings: Settings) -> Generator[Connection]:
    """The owner's connection in autocommit, holding the lock until it is closed."""
    try:
        owner = connect(settings, Role.OWNER, application=APPLICATION)
    except psycopg2.OperationalError as error:
        raise DatabaseError(
            f"cannot connect to database {settings.postgres_db!r} at "
            f"{settings.postgres_host}:{settings.postgres_port} as {settings.postgres_user!r} "
            f"(POSTGRES_*): {str(error).strip()}"
        ) from error
    try:
        owner.autocommit = True
        with owner.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        yield owner
    finally:
        owner.close()


def _ensure_login(settings: Settings, owner: Connection, role: Role) -> None:
    """The role exists and logs in with the settings' password.

    The password is hashed on this side, so that the clear one never gets into the server's log.
    """
    arguments = settings.connection(role)
    name, password = arguments["user"], arguments["password"]
    with owner.cursor() as cursor:
        exists = _is_there(cursor, "select 1 from pg_roles where rolname = %s", name)
        if exists and _logs_in(settings, role):
            return
        hashed = encrypt_password(password, name, scope=owner, algorithm="scram-sha-256")
        command = (
            "alter role {} login password {}" if exists else "create role {} login password {}"
        )
        cursor.execute(sql.SQL(command).format(sql.Identifier(name), sql.Literal(hashed)))


def _logs_in(settings: Settings, role: Role) -> bool:
    with suppress(psycopg2.OperationalError):
        connect(settings, role, application=APPLICATION).close()
        return True
    return False


def _is_there(cursor: Cursor, query: str, name: str) -> bool:
    cursor.execute(query, (name,))
    return cursor.fetchone() is not None


def _apply_revisions(settings: Settings) -> list[str]:
    """Run what is missing, all of it in one transaction."""
    from alembic import command
    from alembic.config import Config
    from alembic.script.revision import ResolutionError
    from alembic.util import CommandError
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    applied: list[str] = []
    scripts = settings.fraud_project / "postgres/migrations"
    if not scripts.is_dir():
        raise SettingsError(
            f"FRAUD_PROJECT: there is no folder {scripts}; name the checkout, or leave it unset"
        )
    config = Config()
    config.set_main_option("script_location", str(scripts))
    engine = create_engine(
        "postgresql+psycopg2://",
        creator=lambda: connect(settings, Role.OWNER, application=APPLICATION),
        poolclass=NullPool,
    )
    with engine.begin() as connection:
        for role in LOGINS:
            connection.exec_driver_sql(
                "select set_config(%s, %s, true)", (f"fraud.{role}", settings.login(role)[0])
            )
        config.attributes.update(connection=connection, applied=applied)
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            if not isinstance(error.__cause__, ResolutionError):
                raise
            raise DatabaseError(
                f"a newer version of the platform has migrated database {settings.postgres_db!r} "
                f"further than this one knows ({error}), and migrations only go forward. Nothing "
                "was changed: go on with that version, or restore a backup of before "
                "(docs/deployment.md, Upgrades)"
            ) from error
    return applied


def _ensure_airflow_database(settings: Settings, owner: Connection) -> None:
    """Airflow's metadata database, owned by its role and closed to everybody else.

    To give a database away or to close it, one must be a member of its owner; we are one just for
    that long. A run that was killed in between may have left it open and us a member, so both are
    looked at whenever the database is there; one that somebody else made may stay as it is.
    """
    names = {
        "database": sql.Identifier(settings.airflow_db),
        "airflow": sql.Identifier(settings.airflow_db_user),
    }
    with owner.cursor() as cursor:
        query = "select 1 from pg_database where datname = %s"
        is_there = _is_there(cursor, query, settings.airflow_db)
        if is_there and _is_closed(cursor, settings):
            return
        create = "create database {database} owner {airflow}"
        not_ours = errors.InsufficientPrivilege
        with suppress(not_ours) if is_there else nullcontext():
            for command in (
                "grant {airflow} to current_user",
                *(() if is_there else (create,)),
                "revoke all on database {database} from public",
                "revoke {airflow} from current_user",
            ):
                cursor.execute(sql.SQL(command).format(**names))


def _is_closed(cursor: Cursor, settings: Settings) -> bool:
    """Not open to everybody, and we hold no membership that we gave ourselves."""
    cursor.execute(
        "select not has_database_privilege('public', %s, 'connect') and not exists ("
        " select from pg_auth_members as given"
        " inner join pg_roles as airflow on airflow.oid = given.roleid"
        " inner join pg_roles as ours on ours.oid = given.member and ours.oid = given.grantor"
        " where airflow.rolname = %s and ours.rolname = current_user)",
        (settings.airflow_db, settings.airflow_db_user),
    )
    ((is_closed,),) = cursor.fetchall()
    return is_closed


def close_maintenance_databases(connection: Connection) -> None:
    """Nobody connects to `postgres` or `template1` just because he has a login.

    Only their owner or a superuser may change that; for anybody else this does nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select datname from pg_database where datname in ('postgres', 'template1')"
            " and pg_has_role(datdba, 'usage')"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(
                sql.SQL("revoke connect on database {} from public").format(sql.Identifier(name))
            )
