"""Runs inside supervisord: counts how often it had to start a program again.

supervisord knows when a program was started last, not how often. It imports this module by the
name in its configuration and serves `fraud.restarts()` beside its own methods.
"""

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

    def restarts(self) -> dict[str, int]:
        """How often each program was started after it had died; without those never restarted."""
        return dict(self._counts)

    def _starting(self, event: Any) -> None:
        if event.from_state in _DIED:
            self._counts[event.process.config.name] += 1


def make_restarts(_supervisord: Any, **_settings: Any) -> Restarts:
    """What supervisord calls at its start."""
    return Restarts()
