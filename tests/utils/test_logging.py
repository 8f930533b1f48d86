"""What a crash may say."""

import json
import subprocess
import sys
from typing import Any

import pytest

CRASH = """
import threading
from fraud_core.logging import configure_logging, log_crashes_without_values
from fraud_core.settings import Settings

configure_logging(Settings.model_construct(log_format="json", log_level="INFO"), component="test")
log_crashes_without_values()

def fail():
    raise {error}("a row with jane@person.example")

{start}
"""


def crashed(error: str, start: str) -> dict[str, Any]:
    """What is logged when a process ends so."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH.format(start=start, error=error)],
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = done.stderr.splitlines()
    return json.loads(line)


@pytest.mark.parametrize("start", ["fail()", "threading.Thread(target=fail).start()"])
def test_a_crash_says_where_and_what_kind_and_quotes_no_value(start: str) -> None:
    said = crashed("ValueError", start)
    assert (said["event"], said["error"]) == ("crashed", "ValueError")
    assert said["at"][-1].endswith(" fail")
    assert "jane" not in json.dumps(said)


def test_a_crash_that_is_about_code_says_what_is_wrong_with_it() -> None:
    assert crashed("TypeError", "None + 1")["says"].startswith("unsupported operand")
