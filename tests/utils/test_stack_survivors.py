"""What a killed supervisor leaves behind is found by the mark it inherited, and ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psutil
import pytest

from fraud_core.settings import load_settings
from fraud_local import survivors
from fraud_local.stack import Stack
from fraud_local.state import Memory

SLEEP = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print(flush=True); time.sleep(60)",
]


@pytest.fixture
def marked(tmp_path: Path) -> Generator[subprocess.Popen[bytes]]:
    environment = {**os.environ, survivors.MARKER: str(tmp_path)}
    with subprocess.Popen(SLEEP, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield process
        process.kill()


def test_a_process_with_the_mark_of_this_folder_is_found(
    tmp_path: Path, marked: subprocess.Popen[bytes]
) -> None:
    assert [found.pid for found in survivors.find(str(tmp_path), Memory())] == [marked.pid]


def test_down_ends_what_runs_although_the_state_folder_was_deleted(
    tmp_path: Path, marked: subprocess.Popen[bytes]
) -> None:
    tmp_path.rmdir()
    assert Stack(load_settings(fraud_home=tmp_path)).down() == 1
    assert not psutil.pid_exists(marked.pid)
    tmp_path.mkdir()


@pytest.mark.usefixtures("marked")
def test_a_process_of_another_folder_is_not_ours(tmp_path: Path) -> None:
    assert survivors.find(str(tmp_path / "other"), Memory()) == []


def test_a_process_without_the_mark_is_found_by_its_supervisors_session(tmp_path: Path) -> None:
    """As one that overwrote its environment with a title."""
    with subprocess.Popen(SLEEP, stdout=subprocess.PIPE, start_new_session=True) as process:
        started = psutil.Process(process.pid).create_time()
        memory = Memory(session=process.pid, session_started=started)
        found = survivors.find(str(tmp_path), memory)
        process.kill()
    assert [survivor.pid for survivor in found] == [process.pid]


def test_a_session_that_got_the_dead_supervisors_number_is_not_ours(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, stdout=subprocess.PIPE, start_new_session=True) as process:
        started = psutil.Process(process.pid).create_time() - 3600
        memory = Memory(session=process.pid, session_started=started)
        found = survivors.find(str(tmp_path), memory)
        process.kill()
    assert found == []


@pytest.fixture
def leaderless() -> Generator[tuple[Memory, int]]:
    """A session whose leader is dead, and the one process that is still in it."""
    script = "sleep 60 & echo $!"
    with subprocess.Popen(
        ["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True
    ) as leader:
        started = psutil.Process(leader.pid).create_time()
        assert leader.stdout
        left = int(leader.stdout.readline())
    yield Memory(session=leader.pid, session_started=started), left
    os.kill(left, signal.SIGKILL)


def test_the_session_of_a_dead_supervisor_is_ours(
    tmp_path: Path, leaderless: tuple[Memory, int]
) -> None:
    memory, left = leaderless
    assert [found.pid for found in survivors.find(str(tmp_path), memory)] == [left]


def test_a_session_from_before_this_boot_is_not_ours(
    tmp_path: Path, leaderless: tuple[Memory, int]
) -> None:
    """As that of a daemon whose first process has ended, under the number of our supervisor."""
    memory, _ = leaderless
    memory.session_started = psutil.boot_time() - 3600
    assert survivors.find(str(tmp_path), memory) == []


def test_one_that_we_may_not_end_does_not_keep_the_others_from_being_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survivors, "_PATIENCE_S", 0.3)
    send = psutil.Process.send_signal
    with (
        subprocess.Popen(SLEEP, stdout=subprocess.PIPE) as foreign,
        subprocess.Popen(SLEEP, stdout=subprocess.PIPE) as ours,
    ):

        def send_unless_foreign(process: psutil.Process, number: int) -> None:
            if process.pid == foreign.pid:
                raise psutil.AccessDenied(process.pid)
            send(process, number)

        monkeypatch.setattr(psutil.Process, "send_signal", send_unless_foreign)
        survivors.end([psutil.Process(foreign.pid), psutil.Process(ours.pid)])
        assert not psutil.pid_exists(ours.pid)
        assert foreign.poll() is None
        foreign.kill()


def test_a_survivor_that_ignores_the_request_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(survivors, "_PATIENCE_S", 0.3)
    with subprocess.Popen(DEAF, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert survivors.end([psutil.Process(process.pid)]) == 1
        assert not psutil.pid_exists(process.pid)
