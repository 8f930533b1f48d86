"""A progress bar with a rate, on standard error."""

from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeElapsedColumn,
)
from rich.text import Text

from fraud_local.screens import screen


class RateColumn(ProgressColumn):
    """How many a second, of late."""

    def render(self, task: Task) -> Text:
        """The rate, or nothing before there is one."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "")


class RateBar:
    """Counts towards a total, or without end when there is none."""

    def __init__(self, what: str, total: int | None) -> None:
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), RateColumn())
        self._bar = Progress(*columns, TimeElapsedColumn(), console=screen(stderr=True))
        self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._bar.advance(self._task, count)
