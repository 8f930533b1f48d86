"""Which of Postgres' errors waiting cures."""

import psycopg2
import psycopg2.errors
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


def told_by_the_server(sqlstate: str) -> psycopg2.Error:
    error = psycopg2.errors.lookup(sqlstate)("as the server puts it")
    error.__setstate__({"pgcode": sqlstate})
    return error


@pytest.mark.parametrize("sqlstate", ["08006", "40001", "53300", "55P03", "57P01", "25P03"])
def test_what_passes_by_itself_is_waited_for(sqlstate: str) -> None:
    assert is_transient(told_by_the_server(sqlstate))


@pytest.mark.parametrize("sqlstate", ["22P02", "23505", "25006", "42P01"])
def test_what_stays_as_it_is_is_not(sqlstate: str) -> None:
    assert not is_transient(told_by_the_server(sqlstate))


@pytest.mark.parametrize("kind", [psycopg2.ProgrammingError, psycopg2.DataError])
def test_what_the_client_itself_refuses_is_not(kind: type[psycopg2.Error]) -> None:
    assert not is_transient(kind("can't execute an empty query"))
