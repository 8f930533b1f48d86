"""A real Airflow under supervision, on a Postgres of its own."""

import os
import signal
import time
from collections.abc import Callable
from datetime import date

import httpx
import psutil
import pytest

from fraud_core.settings import Settings
from fraud_local.airflow import DAG_PROCESSOR, NAMES, SCHEDULER
from fraud_local.stack import Stack

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stack(new_stack: Callable[[], Stack]) -> Stack:
    stack = new_stack()
    stack.up(["airflow"])
    return stack


@pytest.fixture(scope="module")
def airflow_settings(stack: Stack) -> Settings:
    return stack.settings()


def test_the_operator_logs_in_with_the_generated_password(airflow_settings: Settings) -> None:
    assert _token(airflow_settings, _password(airflow_settings)).status_code == 201


def test_another_password_is_refused(airflow_settings: Settings) -> None:
    assert _token(airflow_settings, "admin").status_code == 401


def _token(settings: Settings, password: str) -> httpx.Response:
    return httpx.post(
        f"{settings.airflow_url}/auth/token",
        json={"username": settings.airflow_user, "password": password},
        timeout=30,
    )


def _password(settings: Settings) -> str:
    assert settings.airflow_password
    return settings.airflow_password.get_secret_value()


def test_no_part_of_airflow_listens_beyond_loopback(
    stack: Stack, listening: Callable[[Stack], set[tuple[str, int]]]
) -> None:
    assert {host for host, _ in listening(stack)} == {"127.0.0.1"}


def test_what_parsing_says_is_in_the_log_of_its_part(
    stack: Stack, airflow_settings: Settings
) -> None:
    parsed = f"Filling up the DagBag from {airflow_settings.fraud_project}/airflow/dags/"
    _within_a_minute(lambda: parsed in _log(stack))


def test_parsing_makes_a_folder_a_day_where_housekeeping_looks_for_them(
    airflow_settings: Settings,
) -> None:
    folder = airflow_settings.fraud_home / "airflow/logs/dag_processor"
    _within_a_minute(lambda: any(folder.rglob("*.log")))
    for file in folder.rglob("*.log"):
        assert date.fromisoformat(file.relative_to(folder).parts[0])


def _log(stack: Stack) -> str:
    return stack.log_files()[DAG_PROCESSOR].read_text(encoding="utf-8")


def _within_a_minute(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.2)


def test_a_killed_scheduler_comes_back_and_leaves_no_worker_behind(stack: Stack) -> None:
    killed = _pid(stack, SCHEDULER)
    workers = _wait_for_workers(killed)

    os.kill(killed, signal.SIGKILL)

    psutil.wait_procs(workers, timeout=30)
    assert not any(worker.is_running() for worker in workers)
    assert _comes_back(stack, SCHEDULER, killed)


def _pid(stack: Stack, name: str) -> int:
    return next(info.pid for info in stack.programs() if info.name == name)


def _wait_for_workers(scheduler: int) -> list[psutil.Process]:
    give_up = time.monotonic() + 60
    while not (workers := psutil.Process(scheduler).children()):
        assert time.monotonic() < give_up
        time.sleep(0.2)
    return workers


def _comes_back(stack: Stack, name: str, killed: int) -> bool:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        info = next(info for info in stack.programs() if info.name == name)
        if info.runs and info.pid != killed:
            return info.restarts == 1
        time.sleep(0.2)
    return False


def test_down_leaves_no_process_of_airflow_behind(stack: Stack) -> None:
    started = {info.name for info in stack.programs() if info.runs}
    assert started.issuperset(NAMES)

    stack.down()

    assert stack.processes() == []
