"""Waiting for a part to answer, without waiting for one that keeps dying."""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from fraud_core.errors import StackError
from fraud_local.supervisor_client import SupervisorClient
from fraud_local.supervisor_config import log_file

_STEP_S = 0.15
_DEATHS = 4
_TAIL_LINES = 15


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Another part failed, or the user interrupted."""


class Waiter:
    """Waits for programs of one supervisord until they answer, fail, or `cancelled` is set."""

    def __init__(self, client: SupervisorClient, logs: Path, cancelled: threading.Event) -> None:
        self._client = client
        self._logs = logs
        self._cancelled = cancelled

    def check(self) -> None:
        """Raise Cancelled when it is time to stop."""
        if self._cancelled.is_set():
            raise Cancelled

    def until(self, answers: Callable[[], bool], name: str, patience_s: float) -> None:
        """Return as soon as `answers`.

        Raises StackError with the end of the log when program `name` died several times, gave up,
        or does not answer within `patience_s`.
        """
        before = self._client.program(name).restarts
        give_up = time.monotonic() + patience_s
        while not answers():
            self.check()
            info = self._client.program(name)
            if info.state in {"FATAL", "UNKNOWN"} or info.restarts - before >= _DEATHS:
                raise self._failure(name, f"does not start ({info.problem or info.state})")
            if time.monotonic() > give_up:
                raise self._failure(name, f"does not answer after {patience_s:.0f} s")
            self._cancelled.wait(_STEP_S)

    def _failure(self, name: str, what: str) -> StackError:
        path = log_file(self._logs, name)
        return StackError(f"{name} {what}; the end of {path}:\n{tail(path, _TAIL_LINES)}")


def tail(path: Path, lines: int) -> str:
    """The last lines of a text file, or nothing when it is not there."""
    try:
        with path.open(errors="replace") as file:
            return "".join(deque(file, maxlen=lines)).rstrip()
    except FileNotFoundError:
        return ""
