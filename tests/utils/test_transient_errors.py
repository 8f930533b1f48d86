"""Which of Postgres' errors waiting cures."""

import psycopg2
import pytest

from fraud_core.database import is_transient


@pytest.mark.parametrize(
    "error",
    [
        psycopg2.OperationalError("could not connect to server"),
        psycopg2.InterfaceError("connection already closed"),
        psycopg2.DatabaseError("server closed the connection unexpectedly"),
    ],
)
def test_a_connection_that_broke_is_waited_for(error: psycopg2.Error) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("kind", [psycopg2.ProgrammingError, psycopg2.DataError])
def test_what_the_client_itself_refuses_is_not(kind: type[psycopg2.Error]) -> None:
    assert not is_transient(kind("can't execute an empty query"))
