"""How long a role's statements and open transactions may last, and how many sessions it may have.

A part that runs away is ended before it keeps the others out: the connections add up to less than
the server's 100, and an open transaction that nobody works in holds back the clean-up of every
table. The times are far above what the parts need; docs/deployment.md has them.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from psycopg2 import sql
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.settings import Role, Settings


class Limits(NamedTuple):
    """Times as Postgres writes them; None leaves the server's own."""

    connections: int | None
    statement_timeout: str | None
    idle_in_transaction_session_timeout: str | None


LIMITS: Mapping[Role, Limits] = {
    # Migrations rewrite tables; an erasure reckons between its statements.
    Role.OWNER: Limits(None, None, "1h"),
    # A new holder of the lease reads back the records of every window; the sessions of a scorer
    # have shorter times of their own.
    Role.CONSUMER: Limits(20, "30min", "10min"),
    # A full refresh reads all that ever landed; exports write a file between two statements.
    Role.DBT: Limits(20, "4h", "1h"),
    # People, who forget open transactions.
    Role.ANALYST: Limits(10, "5min", "10min"),
    # Three pools of 15, never all full.
    Role.AIRFLOW: Limits(40, "30min", "30min"),
}

_TIMES = Limits._fields[1:]


def set_limits(settings: Settings, owner: Connection) -> None:
    """Give each role the limits that it has not got; one that somebody set otherwise stays."""
    for role, limits in LIMITS.items():
        name = settings.login(role)[0]
        with owner.cursor() as cursor:
            cursor.execute(
                "select rolconnlimit, coalesce(array_to_string(rolconfig, ' '), '')"
                " from pg_roles where rolname = %s",
                (name,),
            )
            ((connections, chosen),) = cursor.fetchall()
            for change in _missing(limits, connections, chosen):
                cursor.execute(sql.SQL("alter role {} {}").format(sql.Identifier(name), change))


def _missing(limits: Limits, connections: int, chosen: str) -> Iterator[sql.Composable]:
    if limits.connections is not None and connections == -1:
        yield sql.SQL("connection limit {}").format(sql.Literal(limits.connections))
    for name in _TIMES:
        value = getattr(limits, name)
        if value is not None and f"{name}=" not in chosen:
            yield sql.SQL("set {} = {}").format(sql.Identifier(name), sql.Literal(value))
