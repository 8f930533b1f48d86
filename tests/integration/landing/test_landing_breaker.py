"""When everything that arrives is bad, landing stops, loses nothing, and goes on when told to."""

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from landing_support import (
    Ledger,
    Publish,
    StartConsumer,
    environment,
    eventually,
    order,
)

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_stream.consumer import breaker
from fraud_stream.consumer.batch import BreakerState
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.waiting import Database

pytestmark = pytest.mark.integration

LIMIT = 20


@pytest.fixture
def careful_settings(stream_settings: Settings) -> Settings:
    """Few bad messages are enough, and batches are smaller than that."""
    return stream_settings.model_copy(
        update={"consumer_breaker_messages": LIMIT, "consumer_batch_rows": 5}
    )


@pytest.fixture
def database(stream_settings: Settings) -> Generator[Database]:
    database = Database(stream_settings, "tests", lambda: False)
    yield database
    database.close()


def reset(settings: Settings) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name("fraud"), "consume", "--reset-breaker", "--by", "ann"],
        env=environment(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_landing_stops_says_so_and_goes_on_when_told_to(
    careful_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    process = start_consumer(careful_settings)
    bad = 10 * LIMIT
    publish((0, b"{") for _ in range(bad))
    publish([(0, order(1))])
    tripped = "select count(*) from raw.stream_breaker where tripped_at is not null"
    eventually("it stops", lambda: ledger.value(tripped) == 1)
    eventually("it says so", lambda: process.said(breaker.ALL_INPUT_BAD))
    assert LIMIT <= ledger.value("select count(*) from raw.dead_letters") < bad
    assert ledger.landed() == 0
    for _ in range(bad):
        eventually("it stops, or ends", lambda: ledger.value(tripped) == 1 or ledger.landed() == 1)
        if ledger.landed():
            break
        assert reset(careful_settings) == "landing goes on"
    assert ledger.landed() == 1
    assert ledger.coordinates() == [(0, offset) for offset in range(bad + 1)]
    assert ledger.value("select reset_by from raw.stream_breaker") == "ann"


def test_resetting_what_never_stopped_does_no_harm(careful_settings: Settings) -> None:
    assert reset(careful_settings) == "landing had not stopped"


def test_the_count_outlives_the_process(
    careful_settings: Settings, publish: Publish, database: Database
) -> None:
    for _ in range(2):
        publish((0, b"{") for _ in range(LIMIT // 2 - 1))
        until_caught_up(careful_settings)
    assert database.run(breaker.stored_state) == BreakerState(LIMIT - 2, tripped=False)
    publish((0, b"{") for _ in range(2))
    until_caught_up(careful_settings)
    assert database.run(breaker.stored_state).tripped


def test_who_comes_after_finds_it_stopped(
    careful_settings: Settings, publish: Publish, ledger: Ledger, start_consumer: StartConsumer
) -> None:
    publish((0, b"{") for _ in range(LIMIT))
    until_caught_up(careful_settings)
    publish([(0, order(1))])
    process = start_consumer(careful_settings)
    eventually("it says so", lambda: process.said(breaker.ALL_INPUT_BAD))
    assert ledger.landed() == 0


@pytest.mark.parametrize("good", [order(1), order(1, amount=11.0)], ids=["duplicate", "order"])
def test_anything_good_begins_the_count_anew(
    careful_settings: Settings, publish: Publish, database: Database, good: bytes
) -> None:
    publish([(0, order(1))])
    publish((0, b"{") for _ in range(LIMIT - 1))
    publish([(0, good.replace(b"t-1", b"t-2") if b"11.0" in good else good)])
    publish((0, b"{") for _ in range(LIMIT - 1))
    until_caught_up(careful_settings)
    assert database.run(breaker.stored_state) == BreakerState(LIMIT - 1, tripped=False)


def test_a_job_that_is_to_catch_up_names_the_way_out(
    careful_settings: Settings, publish: Publish, ledger: Ledger
) -> None:
    publish((0, b"{") for _ in range(3 * LIMIT))
    with pytest.raises(StreamError, match=r"all_input_bad.*--reset-breaker"):
        until_caught_up(careful_settings)
    assert LIMIT <= ledger.value("select count(*) from raw.dead_letters") < 3 * LIMIT
