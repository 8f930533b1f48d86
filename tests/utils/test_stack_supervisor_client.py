"""A real supervisord that is slow to stop its programs, or that somebody else has told to end."""

import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from fraud_core.errors import StackError
from fraud_core.settings import Settings, load_settings
from fraud_local import stack as stack_module
from fraud_local import supervisor_client, survivors
from fraud_local.child_environment import for_supervisor
from fraud_local.program import Program
from fraud_local.stack import Stack
from fraud_local.state import Memory, StateFolder
from fraud_local.supervisor_client import SupervisorClient, SupervisorGoneError, socket_path
from fraud_local.supervisor_config import render

_SLOW = """
import pathlib, signal, sys, time
def end(*_):
    time.sleep(1.5)
    pathlib.Path("ended").touch()
    sys.exit()
signal.signal(signal.SIGTERM, end)
pathlib.Path("started").touch()
while True:
    time.sleep(1)
"""


@dataclass(frozen=True)
class Running:
    """A supervisord in a state folder, with one program, which needs 1.5 s to stop."""

    folder: StateFolder
    client: SupervisorClient
    program: Program
    process_id: int

    def configure(self, program: Program) -> None:
        configure(self.folder, program)

    def tell_to_end(self) -> None:
        """As `kill`, a log-off or another `fraud down` does; returns when it has heard it."""
        os.kill(self.process_id, signal.SIGTERM)
        until(lambda: not self.client.is_alive())

    @property
    def has_ended_politely(self) -> bool:
        return (self.program.directory / "ended").exists()


def configure(folder: StateFolder, program: Program) -> None:
    (folder.run / "supervisord.conf").write_text(
        render(
            [program],
            socket=socket_path(folder.run, folder.root),
            run=folder.run,
            logs=folder.logs,
            user="root" if os.geteuid() == 0 else None,
        )
    )


def until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.05)


@pytest.fixture
def running(tmp_path: Path) -> Generator[Running]:
    folder = StateFolder(tmp_path / "home")
    folder.make()
    script = tmp_path / "slow.py"
    script.write_text(_SLOW)
    command = (sys.executable, str(script))
    slow = Program(name="slow", command=command, directory=tmp_path, start_seconds=0)
    configure(folder, slow)
    client = SupervisorClient(
        socket_path(folder.run, folder.root),
        folder.run / "supervisord.conf",
        folder.logs / "supervisord.log",
    )
    process_id = client.start(for_supervisor(str(folder.root)))
    started = psutil.Process(process_id).create_time()
    folder.remember(Memory(session=process_id, session_started=started))
    client.start_program("slow")
    until((tmp_path / "started").exists)
    yield Running(folder, client, slow, process_id)
    for process in Stack(settings(folder)).processes():
        process.kill()


def settings(folder: StateFolder) -> Settings:
    return load_settings(fraud_home=folder.root, kafka_bootstrap_servers=None, postgres_host=None)


def test_a_changed_program_may_take_longer_to_stop_than_an_answer(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_client, "_ANSWER_S", 0.5)
    running.configure(replace(running.program, environment={"NEW": "1"}))
    running.client.reload()
    assert running.has_ended_politely
    assert [info.state for info in running.client.programs()] == ["STOPPED"]


def test_a_program_that_does_not_stop_is_named_with_its_process(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_client, "_STOP_S", 0.2)
    with pytest.raises(StackError, match=r"slow \(process \d+\) did not stop .*kill -9"):
        running.client.stop_programs(["slow"])


def test_a_configuration_that_it_does_not_take_over_is_named(running: Running) -> None:
    (running.folder.run / "supervisord.conf").write_text("[program:slow]\n")
    with pytest.raises(StackError, match=r"supervisord\.conf: .*`fraud down`"):
        running.client.reload()


def test_a_supervisor_that_does_not_answer_in_time_is_an_error_with_the_way_out(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_client, "_ANSWER_S", 0.2)
    os.kill(running.process_id, signal.SIGSTOP)
    with pytest.raises(StackError, match=r"does not answer .*`fraud down`"):
        running.client.programs()


def test_one_that_is_ending_is_not_up_and_says_so_to_who_asks_for_more(running: Running) -> None:
    running.tell_to_end()
    stack = Stack(settings(running.folder))
    assert not stack.is_up()
    assert stack.programs() == []
    with pytest.raises(SupervisorGoneError, match="is ending"):
        running.client.start_program("slow")


def test_one_that_ended_meanwhile_is_said_to_have_ended(running: Running) -> None:
    running.tell_to_end()
    running.client.wait_while_ending()
    with pytest.raises(SupervisorGoneError, match="has ended"):
        running.client.programs()


def test_down_lets_one_that_is_ending_end(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little patience there is with what a killed one leaves behind."""
    monkeypatch.setattr(stack_module, "_PATIENCE_S", 0.2)
    monkeypatch.setattr(survivors, "_PATIENCE_S", 0.2)
    running.tell_to_end()
    Stack(settings(running.folder)).down()
    assert running.has_ended_politely


def test_one_that_was_ending_is_not_counted_as_left_over(running: Running) -> None:
    running.tell_to_end()
    assert Stack(settings(running.folder)).down() == 0


def test_up_lets_one_that_is_ending_end_before_it_starts_anything(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_here(*_: object, **__: object) -> None:
        raise StackError("far enough")

    monkeypatch.setattr(stack_module, "make_plan", stop_here)
    running.tell_to_end()
    with pytest.raises(StackError, match="far enough"):
        Stack(settings(running.folder)).up(["postgres"])
    assert running.has_ended_politely


def test_one_that_is_told_to_end_during_down_is_let_end(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = SupervisorClient.stop_programs

    def somebody_is_quicker(client: SupervisorClient, names: list[str]) -> None:
        running.tell_to_end()
        stop(client, names)

    monkeypatch.setattr(SupervisorClient, "stop_programs", somebody_is_quicker)
    assert Stack(settings(running.folder)).down() == 0
    assert running.has_ended_politely


def test_after_down_the_session_is_forgotten(running: Running) -> None:
    """Whoever gets its number later is not of this stack."""
    assert running.folder.recall().session == running.process_id
    Stack(settings(running.folder)).down()
    assert running.folder.recall().session is None
