"""Builds at once: two of one model, and one beside an erasure, whichever began first."""

import subprocess
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from erasure_support import CANARIES, PERSONAL, VICTIM, Platform
from landing_support import environment, eventually
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from warehouse_orders import plain_order

from fraud_core.database import connect
from fraud_core.errors import ErasureError
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

PATIENCE_SECONDS = 180.0
"""Until a build has come as far as it gets, beside whatever else the machine does."""

MODEL = "mart_shop_hours"
"""It folds what is new in the journal into the rows that it holds."""

COUNTED = f"select sum(order_count) from marts.{MODEL}"


@pytest.fixture
def platform(warehouse: Settings) -> Platform:
    return Platform(warehouse)


@pytest.fixture
def _behind(land: Callable[..., None], build_models: Callable[..., BuildResult]) -> None:
    """A whole warehouse, and more orders that all but the model have taken in."""
    land([plain_order(), plain_order(**PERSONAL)])
    build_models()
    land([plain_order(), plain_order(), plain_order(**PERSONAL)])
    build_models("+fct_order_journal")


@pytest.mark.usefixtures("_behind")
def test_two_builds_of_a_model_at_once_count_each_order_once(
    warehouse: Settings, platform: Platform, tmp_path: Path
) -> None:
    ((before,),) = platform.ask(COUNTED, role=Role.DBT)

    with session(warehouse) as first, session(warehouse) as second, ThreadPoolExecutor(1) as aside:
        lock_journal(first)
        with build(warehouse, MODEL, tmp_path / "a") as one:
            wait_for_waiting(platform, 1)
            queued = aside.submit(lock_journal, second)
            wait_for_waiting(platform, 2)
            with build(warehouse, MODEL, tmp_path / "b") as other:
                wait_for_waiting(platform, 3)
                first.commit()
                queued.result()  # granted when the first build is done, before the second goes on
                second.commit()
                ended = (one.wait(PATIENCE_SECONDS), other.wait(PATIENCE_SECONDS))

    assert ended == (0, 0)
    assert platform.ask(COUNTED, role=Role.DBT) == [(before + 3,)]


@pytest.mark.usefixtures("_behind")
def test_no_customer_is_erased_while_a_model_is_built(
    warehouse: Settings, platform: Platform, tmp_path: Path
) -> None:
    with session(warehouse) as holder:
        lock_journal(holder)
        with build(warehouse, MODEL, tmp_path) as process:
            wait_for_waiting(platform, 1)
            with pytest.raises(ErasureError, match="the warehouse is being built"):
                platform.erase(VICTIM)
            holder.commit()
            assert process.wait(PATIENCE_SECONDS) == 0

    assert platform.erase(VICTIM).counts["marts.fct_transactions"] > 0


def test_a_build_that_begins_during_an_erasure_reads_what_is_left(
    warehouse: Settings,
    platform: Platform,
    tmp_path: Path,
    land: Callable[..., None],
    build_models: Callable[..., BuildResult],
) -> None:
    land([plain_order(**PERSONAL)])
    build_models()
    land([plain_order(**PERSONAL)])
    begun: list[subprocess.Popen[bytes]] = []

    def begin_a_build(_table: str, _rows: int) -> None:
        if not begun:
            begun.append(start_build(warehouse, "raw_transactions", tmp_path))
            wait_for_waiting(platform, 1)

    done = platform.erase(VICTIM, progress=begin_a_build)
    ended = [process.wait(PATIENCE_SECONDS) for process in begun]

    assert ended == [0]
    assert platform.found(CANARIES) == []
    built = "select count(*) from raw.raw_transactions where customer_id = %s"
    assert platform.ask(built, done.erased_id, role=Role.DBT) == [(2,)]


@contextmanager
def session(settings: Settings) -> Generator[Connection]:
    """A session of the role that owns the models."""
    with closing(connect(settings, Role.DBT, application="tests")) as connection:
        yield connection


def lock_journal(connection: Connection) -> None:
    """Nobody else reads it until the transaction ends; returns when it is granted."""
    with connection.cursor() as cursor:
        cursor.execute("lock table marts.fct_order_journal")


def wait_for_waiting(platform: Platform, count: int) -> None:
    """Until so many sessions of the role wait for a lock of whatever kind."""
    eventually(
        f"{count} sessions wait",
        lambda: (
            platform.ask(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'",
                role=Role.DBT,
            )
            == [(count,)]
        ),
        PATIENCE_SECONDS,
    )


@contextmanager
def build(settings: Settings, model: str, home: Path) -> Generator[subprocess.Popen[bytes]]:
    """A build of `model` that is ended with the block."""
    process = start_build(settings, model, home)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def start_build(settings: Settings, model: str, home: Path) -> subprocess.Popen[bytes]:
    """A build as an operator starts it beside others, in a process of its own."""
    program = Path(sys.executable).with_name("fraud")
    return subprocess.Popen(
        [program, "pipeline", "build", "--select", model, "--alone"],
        env=environment(settings.model_copy(update={"fraud_home": home})),
        stdout=subprocess.DEVNULL,
    )
