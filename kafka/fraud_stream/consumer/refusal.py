"""Find the orders that Postgres refuses, in a batch whose COPY failed because of them.

What decoding lets through can be landed, as far as we know; this is for what we do not know. The
stream goes on with those orders as dead letters.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

_T = TypeVar("_T")


def refused(
    cursor: Cursor, rows: Sequence[_T], write: Callable[[Cursor, Sequence[_T]], None]
) -> list[tuple[_T, str]]:
    """The rows that `write` fails on by themselves, each with the SQLSTATE; nothing stays written.

    By halves, so that a few among many are found in few attempts.
    """
    if not rows:
        return []
    state = _attempt(cursor, rows, write)
    if state is None:
        return []
    if len(rows) == 1:
        return [(rows[0], state)]
    half = len(rows) // 2
    return [*refused(cursor, rows[:half], write), *refused(cursor, rows[half:], write)]


def _attempt(
    cursor: Cursor, rows: Sequence[_T], write: Callable[[Cursor, Sequence[_T]], None]
) -> str | None:
    """The SQLSTATE of the failure, or None; taken back in either case."""
    cursor.execute("savepoint attempt")
    try:
        write(cursor, rows)
    except (psycopg2.DataError, psycopg2.IntegrityError) as error:
        state = error.pgcode or "without an SQLSTATE"
    else:
        state = None
    cursor.execute("rollback to savepoint attempt")
    return state
