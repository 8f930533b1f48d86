"""A step is a `fraud` command line; the setting TASK_RUNNER says where it runs.

`local` runs the command in the task's own process, which Airflow forked from a scheduler that has
the packages imported already (see plugins/warm_scheduler.py). `docker` runs the same command line
in a container. Either way the step's result is what the command says on its last line. No shell
ever sees the line: what a template puts into one of its words stays in that word.
"""

import sys
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager, redirect_stderr
from functools import cache
from typing import Any

import structlog
from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fraud_core.errors import (
    NothingToDoError,
    QualityError,
    ReconciliationError,
    ReplayError,
    RuleError,
    SettingsError,
)
from fraud_core.settings import Settings

PROGRAM = "fraud"
FINAL = (SettingsError, ReconciliationError, QualityError, ReplayError, RuleError)
"""Waiting cures none of these, so a task does not try again."""


class LocalStep(BaseOperator):
    """Runs a `fraud` command in the task's process."""

    template_fields: Collection[str] = ("command",)

    def __init__(self, *, command: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.command = command

    def execute(self, context: Context) -> Any:  # noqa: ARG002 - Airflow passes it
        """The command's result; an error that waiting does not cure fails without a retry."""
        from fraud_local.cli import app

        try:
            with _command_output_as_task_log():
                result = app(self.command[1:], standalone_mode=False)
        except NothingToDoError as error:
            self.log.warning(str(error))  # Airflow itself says only that the task was skipped
            raise AirflowSkipException(str(error)) from error
        except FINAL as error:
            raise AirflowFailException(str(error)) from error
        if isinstance(result, int) and result:  # typer's way of passing `typer.Exit(code)` on
            raise RuntimeError(f"{' '.join(self.command)} ended with exit code {result}")
        return result


@contextmanager
def _command_output_as_task_log() -> Generator[None]:
    """Standard error is where a command shows progress; Airflow would paint each line as an error.

    A command sets up logging for its process, which here is Airflow's: that comes back afterwards.
    """
    before = structlog.get_config()
    try:
        with redirect_stderr(sys.stdout):
            yield
    finally:
        structlog.configure(**before)


def step(
    settings: Settings,
    task_id: str,
    command: Sequence[str],
    *,
    kind: type[BaseOperator] | None = None,
    as_owner: bool = False,
    **kwargs: Any,
) -> BaseOperator:
    """A task that runs `fraud <command>` where the settings say.

    `kind` is an operator that does something before or after `super().execute(context)`, which
    runs the command. A container is told the database owner's password only `as_owner`.
    """
    line = [PROGRAM, *command]
    if settings.task_runner == "docker":
        from pipeline_blocks.container_step import ContainerStep

        made = _made(kind, ContainerStep)
        return made(task_id=task_id, command=line, settings=settings, as_owner=as_owner, **kwargs)
    return _made(kind, LocalStep)(task_id=task_id, command=line, **kwargs)


@cache
def _made(kind: type[BaseOperator] | None, runner: type[BaseOperator]) -> type[Any]:
    """The runner's class, or one that is of the kind first and of the runner second."""
    if kind is None:
        return runner
    metaclass: Any = type(runner)
    return metaclass(kind.__name__, (kind, runner), {"__doc__": kind.__doc__})
