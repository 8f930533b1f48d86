"""`fraud up` for people: a line a part while it waits, and what is where at the end."""

import signal
from collections.abc import Collection, Generator
from contextlib import contextmanager
from threading import RLock
from types import FrameType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from fraud_core.settings import Settings
from fraud_local.stack import Stack


def up_with_progress(
    settings: Settings, screen: Console, only: Collection[str] | None = None
) -> Settings:
    """Bring the stack up while `screen` shows how far it is; returns the settings for clients.

    SIGTERM counts as Ctrl-C: in both cases what was started is stopped before KeyboardInterrupt
    leaves this function.
    """
    with _terminable(), _PartLines(screen) as lines:
        return Stack(settings, lines).up(only)


@contextmanager
def _terminable() -> Generator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _PartLines:
    """A spinner a part on a terminal; plain lines when the output goes somewhere else."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._lock = RLock()
        self._tasks: dict[str, TaskID] = {}
        self._last: dict[str, str] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.fields[part]:<10}"),
            TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            console=screen,
            disable=not screen.is_terminal,
        )

    def __enter__(self) -> "_PartLines":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def doing(self, part: str, what: str) -> None:
        """The part's line says `what`."""
        self._show(part, what)

    def done(self, part: str, what: str) -> None:
        """The part's line is ticked off."""
        self._show(part, what)
        self._progress.update(self._tasks[part], total=1, completed=1)

    def note(self, text: str) -> None:
        """A line above the parts."""
        self._screen.print(text, markup=False, highlight=False)

    def _show(self, part: str, what: str) -> None:
        with self._lock:
            if part not in self._tasks:
                self._tasks[part] = self._progress.add_task(what, total=None, part=part)
            self._progress.update(self._tasks[part], description=what)
            # A counter in the text is not a new line of a log.
            step = what.partition(",")[0]
            if not self._screen.is_terminal and self._last.get(part) != step:
                self._last[part] = step
                self._screen.print(f"{part}: {what}", markup=False, highlight=False)
