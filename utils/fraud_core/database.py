"""Connections to Postgres, one role each, with the keepalives that notice a dead server."""

from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import make_dsn

from fraud_core.settings import Role, Settings

KEEPALIVES = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""A server that is gone without a word is noticed within 15 seconds."""

TRANSIENT_CLASSES = frozenset({"08", "40", "53", "57", "55"})
"""SQLSTATE classes that waiting cures: connection, rollback, resources, operator, lock."""

TRANSIENT_STATES = frozenset({"25P03"})
"""Single SQLSTATEs of other classes: idle_in_transaction_session_timeout, by which the server ends
the session of a process that was frozen within a transaction. What it did is rolled back; a new
session may do it again, and whoever holds a lease is asked for its epoch there."""


def connect(settings: Settings, role: Role, *, application: str, **extra: Any) -> Connection:
    """A new connection as `role`. Raises psycopg2.OperationalError when there is no server.

    In UTC and UTF-8, whatever the environment or the role's own settings say: COPY sends bytes as
    they are.

    `application` shows in pg_stat_activity.
    """
    arguments: dict[str, Any] = {
        **settings.connection(role),
        **KEEPALIVES,
        "client_encoding": "UTF8",
        **extra,
    }
    options = "-c timezone=UTC " + arguments.pop("options", "")
    return psycopg2.connect(make_dsn(application_name=application, options=options, **arguments))


def is_transient(error: psycopg2.Error) -> bool:
    """Whether waiting and trying again is the right answer.

    An error without an SQLSTATE is a connection that broke: libpq made it, not the server. In the
    middle of an answer psycopg2 makes its general DatabaseError of that.
    """
    state = error.pgcode
    if state is None:
        broken = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        return broken or type(error) is psycopg2.DatabaseError
    return state[:2] in TRANSIENT_CLASSES or state in TRANSIENT_STATES
