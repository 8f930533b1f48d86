"""A consumer that hangs ends, so that another can go on."""

import subprocess
import sys

from fraud_core.errors import StuckError

SCRIPT = """
import time
from fraud_stream.consumer.telemetry import Telemetry
from fraud_stream.consumer.watchdog import watched

telemetry = Telemetry()
with watched(telemetry, every_seconds=0.1, looks=5):
    for _ in range({rounds}):
        {sign}
        time.sleep(0.05)
print("went on")
"""


def run(sign: str, rounds: int) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(sign=sign, rounds=rounds)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_loop_without_a_sign_of_life_ends_its_process_and_says_so() -> None:
    done = run("pass", rounds=1000)
    assert done.returncode == StuckError.exit_code
    assert "stuck" in done.stdout + done.stderr
    assert "went on" not in done.stdout


def test_a_loop_that_goes_round_is_left_alone() -> None:
    done = run("telemetry.alive()", rounds=40)
    assert done.returncode == 0, done.stderr
    assert "went on" in done.stdout
