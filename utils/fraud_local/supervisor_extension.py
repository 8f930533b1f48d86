"""Runs inside supervisord: counts restarts, and ends what a dead program leaves behind.

supervisord imports this module by the name in its configuration. It knows when a program was
started last, not how often, and looks after its own children only: the workers of a scheduler that
was killed would stay for good.
"""

import os
import signal
from collections import Counter
from typing import Any

from supervisor import events
from supervisor.states import ProcessStates

_DIED = (ProcessStates.EXITED, ProcessStates.BACKOFF)


class Restarts:
    """The methods that supervisord serves under the name `fraud`."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        events.subscribe(events.ProcessStateStartingEvent, self._starting)
        for ended in (
            events.ProcessStateExitedEvent,
            events.ProcessStateStoppedEvent,
            events.ProcessStateBackoffEvent,
        ):
            events.subscribe(ended, self._ended)

    def restarts(self) -> dict[str, int]:
        """How often each program was started after it had died; without those never restarted."""
        return dict(self._counts)

    def _starting(self, event: Any) -> None:
        if event.from_state in _DIED:
            self._counts[event.process.config.name] += 1

    def _ended(self, event: Any) -> None:
        """Every program leads a process group of its own; whoever is still in it is left over."""
        group = event.process.pid
        if group:
            try:
                os.killpg(group, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return


def make_restarts(_supervisord: Any, **_settings: Any) -> Restarts:
    """What supervisord calls at its start."""
    return Restarts()
