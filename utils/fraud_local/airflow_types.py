"""What Airflow's REST API answers, as far as we ask it."""

from datetime import datetime
from typing import Literal

import msgspec

RunState = Literal["queued", "running", "success", "failed"]


class Run(msgspec.Struct, frozen=True):
    """One DAG run."""

    dag_run_id: str
    state: RunState
    start_date: datetime | None = None
    end_date: datetime | None = None
    note: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether Airflow will start no further task of it."""
        return self.state in {"success", "failed"}


class TaskInstance(msgspec.Struct, frozen=True):
    """One box of a run; `state` is None before the scheduler has looked at it."""

    task_id: str
    state: str | None
    try_number: int = 0
    start_date: datetime | None = None
    duration: float | None = None


class TaskInstances(msgspec.Struct):
    """A page of boxes."""

    task_instances: list[TaskInstance]
    total_entries: int


class RunName(msgspec.Struct):
    """A run of any DAG."""

    dag_id: str
    dag_run_id: str


class Runs(msgspec.Struct):
    """A page of runs."""

    dag_runs: list[RunName]


class Task(msgspec.Struct):
    """A task of a DAG, and those that wait for it."""

    task_id: str
    downstream_task_ids: list[str]


class Tasks(msgspec.Struct):
    """All tasks of a DAG."""

    tasks: list[Task]


class Dag(msgspec.Struct):
    """A DAG as far as we ask."""

    dag_id: str
    is_paused: bool


class ImportFailure(msgspec.Struct):
    """A DAG file that cannot be read."""

    filename: str
    stack_trace: str


class ImportErrors(msgspec.Struct):
    """All of those."""

    import_errors: list[ImportFailure]


class Token(msgspec.Struct):
    """What a login gives."""

    access_token: str
