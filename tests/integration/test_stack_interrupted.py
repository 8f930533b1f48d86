"""`fraud up` that is interrupted, or that cannot have what it needs, leaves nothing running."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fraud_core.settings import Settings
from fraud_local.survivors import MARKER

pytestmark = pytest.mark.integration

FRAUD = Path(sys.prefix) / "bin" / "fraud"


def environment(home: Path, **variables: str) -> dict[str, str]:
    platform = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in platform}
    return {**kept, "FRAUD_HOME": str(home), **variables}


def left_behind(home: Path) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARKER) == str(home):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_nothing_behind(home: Path, number: signal.Signals) -> None:
    command = [FRAUD, "up", "--only", "postgres,kafka"]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout
        for line in up.stdout:
            if "postgres: " in line:
                break
        up.send_signal(number)
        up.stdout.read()
    assert up.returncode == 130
    assert left_behind(home) == []


def test_an_unreachable_registry_stops_up_with_the_way_out(home: Path) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "XDG_CACHE_HOME": str(home / "cache")}
    up = subprocess.run(
        [FRAUD, "up", "--only", "kafka"],
        env=environment(home, **nowhere),
        capture_output=True,
        text=True,
        check=False,
    )
    assert up.returncode == 3
    assert "Maven Central" in up.stderr
    assert "KAFKA_BOOTSTRAP_SERVERS" in up.stderr
    assert left_behind(home) == []


def test_a_broker_that_does_not_answer_is_named(home: Path) -> None:
    up = subprocess.run(
        [FRAUD, "up", "--only", "kafka"],
        env=environment(home, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert up.returncode == 4
    assert "no broker answers at 127.0.0.1:1" in up.stderr


def test_env_without_a_stack_says_so(home: Path) -> None:
    env = subprocess.run(
        [FRAUD, "env"], env=environment(home), capture_output=True, text=True, check=False
    )
    assert env.returncode != 0
    assert env.stdout == ""
    assert "fraud up" in env.stderr
