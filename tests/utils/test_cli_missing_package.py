"""A command whose packages are not part of an installation says so, and what to do."""

import subprocess
import sys

WITHOUT = """
import sys
sys.modules[{missing!r}] = None
sys.argv = ["fraud", "status"]
from fraud_local.cli import main
main()
"""


def status_without(missing: str) -> subprocess.CompletedProcess[str]:
    script = WITHOUT.format(missing=missing)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


def test_a_package_that_an_image_leaves_out_is_named_with_the_way_out() -> None:
    done = status_without("psutil")

    assert done.returncode == 4
    assert "'psutil', which is not installed here" in done.stderr
    assert "docker compose ps" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_of_ours_that_is_missing_is_a_defect_and_shows_as_one() -> None:
    assert "Traceback" in status_without("fraud_local.status").stderr
