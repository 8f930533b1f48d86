"""Statements that a session parses and plans once, however often it asks them."""

from weakref import WeakSet

from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class


class Prepared:
    """One statement with parameters $1, $2, ... of `types`; `name` is its own in every session.

    For what is asked many times a second: to parse and plan it takes Postgres longer than to do it.
    What a session has prepared outlives a rollback, and ends with the session.
    """

    def __init__(self, name: str, types: str, statement: str) -> None:
        self._prepare = f"prepare {name} ({types}) as {statement}"
        places = ", ".join(["%s"] * len(types.split(",")))
        self._execute = f"execute {name} ({places})"
        self._sessions: WeakSet[Connection] = WeakSet()

    def execute(self, cursor: Cursor, *values: object) -> None:
        """Run it; rows are fetched as after any other statement."""
        if cursor.connection not in self._sessions:
            cursor.execute(self._prepare)
            self._sessions.add(cursor.connection)
        cursor.execute(self._execute, values)
