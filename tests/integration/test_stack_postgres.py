"""Postgres starts from the wheel as well, and for a root whose folders are closed."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from landing_support import eventually

from fraud_core.database import connect
from fraud_core.settings import Role, Settings, load_settings
from fraud_local.direct_io import takes_direct_writes
from fraud_local.stack import Stack
from fraud_local.state import StateFolder

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def no_system_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Iterator[Path]:
        return iter(())

    monkeypatch.setattr("fraud_local.postgres_binaries._system_folders", none)


def test_the_wheels_server_is_used_where_the_system_has_none(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    assert major(stack.up(["postgres"])) == 18
    stack.down()


def test_case_is_that_of_all_letters_and_order_that_of_code_points(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    settings = stack.up(["postgres"])
    with (
        closing(connect(settings, Role.ANALYST, application="tests")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select lower('NGUYỄN ÄÖ'), 'Z' < 'a', 'z' < 'ä'")
        found = cursor.fetchall()
    stack.down()

    assert found == [("NGUYỄN ÄÖ".lower(), True, True)]


def test_the_log_goes_past_the_cache_where_the_file_system_takes_that(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    settings = stack.up(["postgres"])
    data = Path(StateFolder(stack.home).recall().postgres_home or stack.home / "postgres")

    with (
        closing(connect(settings, Role.ANALYST, application="tests")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("show debug_io_direct")
        ((shown,),) = cursor.fetchall()
    stack.down()

    assert shown == ("wal" if takes_direct_writes(data) else "")


def test_a_server_that_crashed_and_could_not_recover_comes_back_when_it_can(
    new_stack: Callable[[], Stack],
) -> None:
    """As after a full disk; one that starts again by itself stays without recovery for ever."""
    stack = new_stack()
    settings = stack.up(["postgres"])
    home = Path(StateFolder(stack.home).recall().postgres_home or stack.home / "postgres")
    log, away = home / "data" / "pg_wal", home / "data" / "away"
    with closing(connect(settings, Role.ANALYST, application="tests")) as connection:
        log.rename(away)
        os.kill(connection.info.backend_pid, signal.SIGKILL)
        eventually("it is started again", lambda: restarts(stack) > 0)
    away.rename(log)
    eventually("it answers", lambda: can_connect(settings))
    stack.down()


def restarts(stack: Stack) -> int:
    return sum(info.restarts for info in stack.programs())


def can_connect(settings: Settings) -> bool:
    try:
        connect(settings, Role.ANALYST, application="tests").close()
    except psycopg2.OperationalError:
        return False
    return True


def major(settings: Settings) -> int:
    connection = connect(settings, Role.ANALYST, application="tests")
    version = connection.server_version
    connection.close()
    return version // 10_000


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's Postgres runs as somebody else")
def test_data_of_a_clone_that_only_root_can_enter_lives_outside(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    stack.home.chmod(0o700)
    closed = stack.home / "clone" / ".fraud"
    inner = Stack(
        load_settings(fraud_home=closed, kafka_bootstrap_servers=None, postgres_host=None)
    )
    try:
        assert major(inner.up(["postgres"])) == 18
        data = Path(StateFolder(closed).recall().postgres_home or "")
        assert closed not in data.parents
    finally:
        inner.down()
    shutil.rmtree(data)
