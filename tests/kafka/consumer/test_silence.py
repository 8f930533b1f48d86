"""What Postgres does not answer is given up in time, and until then whoever waits for it lives."""

import threading
from collections.abc import Generator
from contextlib import closing
from typing import cast

import psycopg2
import pytest
from half_open import HalfOpen
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

from fraud_core.settings import Settings
from fraud_stream.consumer import waiting
from fraud_stream.consumer.silence import SilenceLimit
from fraud_stream.consumer.waiting import Database, WaitingEndedError

PATIENCE_SECONDS = 30.0


@pytest.fixture
def half_open() -> Generator[Connection]:
    with closing(HalfOpen()) as connection:
        yield cast("Connection", connection)


def test_a_transaction_that_nobody_answers_fails_as_a_cut_one(half_open: Connection) -> None:
    told = threading.Event()
    with (
        closing(SilenceLimit(0, meanwhile=told.set)) as silence,
        pytest.raises(psycopg2.OperationalError),
        silence.transaction(half_open) as cursor,
    ):
        cursor.execute("select 1")
    assert not told.is_set(), "it was given up, and whoever waited said that he lives"


def test_who_waits_for_postgres_shows_that_he_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def stopped() -> bool:
        asked.set()
        return False

    monkeypatch.setattr(waiting, "connect", HalfOpen)
    settings = Settings().model_copy(update={"consumer_lease_seconds": 600})
    with closing(Database(settings, "tests", stopped)) as database:
        assert database.run(lambda _: asked.wait(PATIENCE_SECONDS))


def test_who_is_asked_to_stop_while_nobody_answers_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "connect", HalfOpen)
    settings = Settings().model_copy(update={"consumer_lease_seconds": 0})
    with (
        closing(Database(settings, "tests", lambda: True)) as database,
        pytest.raises(WaitingEndedError),
    ):
        database.run(lambda cursor: cursor.execute("select 1"))
