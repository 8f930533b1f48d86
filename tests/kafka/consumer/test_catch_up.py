"""When the time is over before all has landed, what it was spent on is told."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError, KafkaException
from pydantic import SecretStr
from stamina.instrumentation import get_on_retry_hooks

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_stream.consumer import catch_up
from fraud_stream.consumer.batch import Counts, Positions
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.log import Log
from fraud_stream.consumer.waiting import Database, WaitingEndedError

EMPTY = Log({}, {}, {})
AWAY = KafkaException(KafkaError(KafkaError.BROKER_NOT_AVAILABLE, "broker 7 is away"))


@pytest.fixture
def settings() -> Settings:
    """Of a Postgres at whose address nobody listens."""
    return Settings().model_copy(
        update={
            "postgres_host": "127.0.0.1",
            "postgres_port": 1,
            "consumer_password": SecretStr("secret"),
        }
    )


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the broker answer so, one question after the other."""

    def answer(*answers: Log | Exception) -> None:
        rest: Iterator[Log | Exception] = iter(answers)

        class Answering:
            def look(self) -> Log:
                found = next(rest)
                if isinstance(found, Exception):
                    raise found
                return found

        log = Answering()

        def stream_log(_settings: Settings) -> Answering:
            return log

        monkeypatch.setattr(catch_up, "stream_log", stream_log)

    return answer


def told(settings: Settings, seconds: float) -> str:
    with pytest.raises(StreamError, match="not caught up within") as caught:
        until_caught_up(settings, timeout_seconds=seconds)
    return str(caught.value)


def test_a_broker_that_is_away_is_named_with_its_error(
    settings: Settings, broker: Callable[..., None]
) -> None:
    broker(AWAY)
    assert "broker 7 is away" in told(settings, 0)


def test_what_postgres_says_to_a_login_is_told(
    settings: Settings, broker: Callable[..., None]
) -> None:
    broker(EMPTY)
    said = told(settings, 0)
    assert "OperationalError: " in said
    assert "Connection refused" in said
    assert "secret" not in said


def test_an_error_that_was_got_over_is_not_what_the_time_was_spent_on(
    settings: Settings, broker: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0

    def read_a_page(database: Database, _work: object) -> None:
        nonlocal now
        now = 1_000.0
        if database.stopped():
            raise WaitingEndedError

    broker(AWAY, EMPTY)
    monkeypatch.setattr(catch_up, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(Database, "run", read_a_page)
    said = told(settings, 600)
    assert "broker 7" not in said
    assert "still being read back" in said
    assert "--timeout" in said


def test_others_are_told_of_retries_as_before(
    settings: Settings, broker: Callable[..., None]
) -> None:
    before = get_on_retry_hooks()
    broker(AWAY)
    told(settings, 0)
    assert get_on_retry_hooks() == before


def test_what_a_running_service_lands_meanwhile_is_no_sign_of_a_lost_end(
    settings: Settings, broker: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on between the look at the broker and that at what has landed."""
    ids, place = {"orders": "id-1"}, ("orders", 0)
    broker(Log(ids, {place: 0}, {place: 2}), Log(ids, {place: 0}, {place: 3}))

    def stored_positions(_cursor: object, _topics: object) -> Positions:
        return {place: 3}

    def stored_topic_ids(_cursor: object, _topics: object) -> dict[str, str]:
        return ids

    def count_between(_cursor: object, _start: Positions, _end: Positions) -> Counts:
        return Counts()

    def run(_database: Database, work: Callable[[None], object]) -> object:
        return work(None)

    monkeypatch.setattr(catch_up.ledger, "stored_positions", stored_positions)
    monkeypatch.setattr(catch_up.ledger, "stored_topic_ids", stored_topic_ids)
    monkeypatch.setattr(catch_up.ledger, "count_between", count_between)
    monkeypatch.setattr(Database, "run", run)
    assert until_caught_up(settings).landed == 0
