"""The stack that a benchmark measures on: its own, as it ships, and away again at the end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from pydantic import SecretStr

from fraud_core.settings import Settings, load_settings
from fraud_local.child_environment import inherited
from fraud_local.ports import USUAL
from fraud_local.stack import Stack

PATIENCE_SECONDS = 600
"""How long nothing new may land, also with a database that mostly stands still."""


@contextmanager
def own_stack() -> Generator[Settings]:
    """Kafka and Postgres in a folder of their own, away again at the end."""
    end_on_sigterm()
    home = Path(tempfile.mkdtemp(prefix="fraud-bench-"))
    home.chmod(0o711)
    ports = {part: port + 12_000 + os.getpid() % 400 for part, port in USUAL.items()}
    mine = as_shipped(fraud_home=home, postgres_port=ports["postgres"])
    stack = Stack(mine, usual_ports=ports)
    try:
        yield stack.up(only=["kafka", "postgres"])
    finally:
        stack.down()
        shutil.rmtree(home)


def as_shipped(**own: Any) -> Settings:
    """The defaults but for these: neither the environment nor .env may change what is measured."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    return load_settings(**{**defaults, **own})


def environment(settings: Settings) -> dict[str, str]:
    """Of a child that has these settings and no others: the environment outranks .env."""
    given = settings.model_dump(exclude_none=True)
    return {**inherited(), **{name.upper(): _plain(value) for name, value in given.items()}}


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def end_on_sigterm() -> None:
    """From now on SIGTERM ends this process as an exception does: what it started is stopped."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def wait_until(
    reached: Callable[[], int], wanted: int, consumer: subprocess.Popen[bytes], *, every: float
) -> None:
    """Until so many are reached, looking again after so many seconds.

    Raises RuntimeError when the consumer has ended, or when there is nothing new for too long.
    """
    most, since = reached(), time.monotonic()
    while (now := reached()) < wanted:
        require_running(consumer)
        if now > most:
            most, since = now, time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            raise RuntimeError(f"nothing new from the consumer for {PATIENCE_SECONDS} s")
        time.sleep(every)


def require_running(consumer: subprocess.Popen[bytes]) -> None:
    """Raises RuntimeError when it has ended."""
    if consumer.poll() is not None:
        raise RuntimeError(f"the consumer ended with code {consumer.returncode}")
