"""A consumer that ends in another way than it was made to has crashed."""

import sys
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals

import pytest

from fraud_core.settings import load_settings
from tests.chaos.crew import ConsumerProcess, Crew
from tests.chaos.services import wait_until

WAITS = "print('ready', flush=True); time.sleep(60)"
LEAVES = f"signal.signal(signal.SIGTERM, lambda *_: sys.exit()); {WAITS}"
FAILS = f"signal.signal(signal.SIGTERM, lambda *_: 1 / 0); {WAITS}"
SILENT = "time.sleep(60)"


def crew_of(script: str, logs: Path) -> tuple[Crew, ConsumerProcess]:
    """One that runs the script instead of a consumer, as far as it gets without a signal."""
    settings = load_settings()
    command = [sys.executable, "-c", f"import signal, sys, time; {script}"]
    crew = Crew(settings, settings, {}, logs, command)
    crew.size = 1
    crew.tend()
    (member,) = crew.members()
    if script != SILENT:
        wait_until("it is ready", lambda: bool(member.said()) or member.exit_code is not None)
    return crew, member


@pytest.mark.parametrize(
    ("script", "sent"), [(LEAVES, SIGTERM), (SILENT, SIGTERM), (WAITS, SIGKILL), (FAILS, SIGKILL)]
)
def test_who_ends_as_it_was_made_to_has_not_crashed(
    script: str, sent: Signals, tmp_path: Path
) -> None:
    crew, member = crew_of(script, tmp_path)
    member.end_by(sent)
    crew.size = 0  # nobody takes its place, who would be ended at whatever moment
    crew.end()
    assert crew.crashes == []


@pytest.mark.parametrize(
    ("script", "sent", "words"),
    [
        pytest.param(FAILS, SIGTERM, "exit code 1 after SIGCONT and SIGTERM", id="with an error"),
        pytest.param(WAITS, SIGTERM, "exit code -15", id="without finishing what it began"),
        pytest.param("sys.exit()", SIGCONT, "exit code 0", id="by itself"),
        pytest.param("sys.exit(1)", SIGCONT, "exit code 1", id="by itself with an error"),
    ],
)
def test_who_ends_in_another_way_has_crashed(
    script: str, sent: Signals, words: str, tmp_path: Path
) -> None:
    crew, member = crew_of(script, tmp_path)
    member.end_by(sent)
    crew.size = 0
    crew.tend()
    (crash,) = crew.crashes
    assert words in crash


def test_who_is_one_too_many_must_leave_well_too(tmp_path: Path) -> None:
    crew, _ = crew_of(FAILS, tmp_path)
    crew.size = 0
    crew.tend()
    (crash,) = crew.crashes
    assert "ZeroDivisionError" in crash
