"""What a crash may say."""

import json
import subprocess
import sys

import pytest

CRASH = """
import threading
from fraud_core.logging import configure_logging, log_crashes_without_values
from fraud_core.settings import Settings

configure_logging(Settings.model_construct(log_format="json", log_level="INFO"), component="test")
log_crashes_without_values()

def fail():
    raise ValueError("a row with jane@person.example")

{start}
"""


@pytest.mark.parametrize("start", ["fail()", "threading.Thread(target=fail).start()"])
def test_a_crash_says_where_and_what_kind_and_quotes_no_value(start: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRASH.format(start=start)],
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["error"]) == ("crashed", "ValueError")
    assert said["at"][-1].endswith(" fail")
    assert "jane" not in line
