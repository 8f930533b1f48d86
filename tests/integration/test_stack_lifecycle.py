"""Starting, breaking and stopping a real Kafka and a real Postgres of their own."""

import os
import signal
import time
from collections.abc import Callable

import psutil
import psycopg2
import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, load_settings
from fraud_local.ports import is_free
from fraud_local.stack import Stack
from fraud_local.status import stack_status
from fraud_local.topics import answers

pytestmark = pytest.mark.integration

Listening = Callable[[Stack], set[tuple[str, int]]]

FOUNDATION = ["kafka", "postgres"]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def stack(new_stack: Callable[[], Stack]) -> Stack:
    """Up before the first test; each test but the last leaves it up."""
    stack = new_stack()
    stack.up(FOUNDATION)
    return stack


def eventually(condition: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.2)
    return True


def pids(stack: Stack) -> dict[str, int]:
    return {info.name: info.pid for info in stack.programs()}


def test_everything_listens_on_loopback_only(stack: Stack, listening: Listening) -> None:
    assert {host for host, _ in listening(stack)} == {"127.0.0.1"}


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    before = pids(stack)
    stack.up(FOUNDATION)
    assert pids(stack) == before


def test_up_for_one_part_leaves_the_others_running(stack: Stack) -> None:
    before = pids(stack)
    stack.up(["postgres"])
    assert pids(stack) == before


def test_status_says_what_runs_where(stack: Stack) -> None:
    found = stack_status(stack)
    settings = stack.settings()
    assert found.is_well
    assert {part.part: part.address for part in found.parts} == {
        "kafka": settings.kafka_bootstrap_servers,
        "postgres": f"{settings.postgres_host}:{settings.postgres_port}",
    }
    assert found.consumer_lag == 0


@pytest.mark.parametrize("part", FOUNDATION)
def test_a_part_that_is_killed_comes_back_and_is_counted(stack: Stack, part: str) -> None:
    killed = pids(stack)[part]
    os.kill(killed, signal.SIGKILL)

    def is_back() -> bool:
        info = next(info for info in stack.programs() if info.name == part)
        return info.runs and info.pid != killed and info.restarts > 0

    assert eventually(is_back)
    assert eventually(lambda: serves(stack))


def serves(stack: Stack) -> bool:
    settings = stack.settings()
    try:
        connect(settings, Role.OWNER, application="tests").close()
    except psycopg2.OperationalError:
        return False
    return answers(settings.bootstrap_servers())


def test_up_recovers_from_a_killed_supervisor_and_keeps_addresses_and_data(stack: Stack) -> None:
    before, orphans = stack.settings(), pids(stack)
    write(stack, "create table public.kept as select 1 as one")
    supervisor = psutil.Process(next(iter(orphans.values()))).ppid()
    os.kill(supervisor, signal.SIGKILL)
    assert not stack_status(stack).is_well

    after = stack.up(FOUNDATION)

    assert not any(psutil.pid_exists(pid) for pid in orphans.values())
    assert after == before
    write(stack, "drop table public.kept")


def write(stack: Stack, statement: str) -> None:
    connection = connect(stack.settings(), Role.OWNER, application="tests")
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_two_stacks_run_side_by_side(stack: Stack, new_stack: Callable[[], Stack]) -> None:
    other = new_stack()
    settings = other.up(["postgres"])
    assert settings.postgres_port != stack.settings().postgres_port
    assert stack_status(stack).is_well
    other.down()


def test_the_server_moves_to_the_port_that_the_user_names_and_clients_find_it(
    new_stack: Callable[[], Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_stack()
    before = first.up(["postgres"]).postgres_port
    named = before + 100
    monkeypatch.setenv("POSTGRES_PORT", str(named))
    running = load_settings(fraud_home=first.home)
    assert running.postgres_port == before
    assert Stack(running).up(["postgres"]).postgres_port == before

    first.down()
    moved = Stack(load_settings(fraud_home=first.home)).up(["postgres"])

    assert moved.postgres_port == named
    connect(load_settings(fraud_home=first.home), Role.OWNER, application="tests").close()
    first.down()


def test_down_leaves_no_process_no_port_and_no_address(stack: Stack, listening: Listening) -> None:
    ports = {port for _, port in listening(stack)}
    assert len(ports) == 3

    stack.down()

    assert stack.processes() == []
    assert all(is_free(port) for port in ports)
    assert "127.0.0.1" not in (stack.home / "env").read_text()
    assert not stack_status(stack).is_well
