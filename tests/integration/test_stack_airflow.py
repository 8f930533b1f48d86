"""A real Airflow under supervision, on a Postgres of its own."""

import os
import signal
import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from fraud_core.settings import Settings
from fraud_local.airflow import NAMES, SCHEDULER
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
