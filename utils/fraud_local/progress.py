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
    """How many were acknowledged a second, from the beginning."""

    def render(self, task: Task) -> Text:
        """The rate, or nothing before there is one."""
        acknowledged: int = task.fields["acknowledged"]
        return Text(
            f"{acknowledged / task.elapsed:,.0f}/s" if acknowledged and task.elapsed else ""
        )


class RateBar:
    """Counts towards an expected total, or without end when there is none."""

    def __init__(self, what: str, total: int | None) -> None:
        columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), RateColumn())
        self._bar = Progress(*columns, TimeElapsedColumn(), console=screen(stderr=True))
        self._task = self._bar.add_task(what, total=total, acknowledged=0)

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

    def show(self, sent: int, acknowledged: int) -> None:
        """So many are sent by now, and so many of them arrived."""
        self._bar.update(self._task, completed=sent, acknowledged=acknowledged)

    def end(self, *, complete: bool) -> None:
        """Nothing more comes; if that was all, it is the total, whatever was expected."""
        if complete:
            self._bar.update(self._task, total=self._bar.tasks[0].completed)
        self._bar.stop_task(self._task)
