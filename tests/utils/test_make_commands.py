"""What `make` and the docs call as `python -m tests.…` starts by itself, outside of pytest."""

import os
import re
import subprocess
import sys

import pytest

from fraud_core.settings import REPOSITORY

MODULES = sorted(
    set(re.findall(r"python -m (tests\.[\w.]+\w)", (REPOSITORY / "Makefile").read_text()))
)


def test_the_makefile_has_them() -> None:
    assert {"tests.chaos", "tests.guards", "tests.benchmarks"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_it_says_how_it_is_used(module: str) -> None:
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        cwd=REPOSITORY,
        env=own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, "usage: " in done.stdout) == (0, True), done.stderr
