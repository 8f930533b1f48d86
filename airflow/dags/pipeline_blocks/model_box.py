"""One box a dbt model: green, red or skipped by its own result, and a build of its own if cleared.

A layer's build reports on all its models at once, under a build id of its own. A box shows each
report once and remembers the id, outside of XCom, which Airflow empties when a task starts again.
So a box that finds a report it has not shown shows it (first run, or the build was cleared too),
and a box that finds one it has shown was itself cleared: then it builds its model.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.context import NEVER_EXPIRE

from fraud_core.settings import Settings
from fraud_local.build_report import BuildReport, ModelReport
from pipeline_blocks.steps import PROGRAM, LocalStep

SHOWN = "shown_build_id"


class ModelBox(BaseOperator):
    """What both runners' boxes do before, after or instead of running a command."""

    model: str
    build_task_id: str

    def execute(self, context: Context) -> Any:
        """Show the build's report, or build the model and show that one."""
        # Airflow's own type calls every part of the context optional.
        given = cast(Mapping[str, Any], context)
        fresh = self._unshown_report(given)
        if fresh is None:
            self._skip_behind_red(given)
            self.log.info("cleared after its result was shown: building %s alone", self.model)
            fresh = msgspec.convert(super().execute(context), BuildReport)
        else:
            given["task_state_store"].set(SHOWN, fresh.build_id, retention=NEVER_EXPIRE)
        self._show(fresh.of_model(self.model))

    def _unshown_report(self, given: Mapping[str, Any]) -> BuildReport | None:
        value = given["ti"].xcom_pull(task_ids=self.build_task_id)
        if value is None:
            return None
        found = msgspec.convert(value, BuildReport)
        shown = given["task_state_store"].get(SHOWN)
        return None if found.build_id == shown else found

    def _skip_behind_red(self, given: Mapping[str, Any]) -> None:
        """A model is not built on top of one that is red, whoever cleared it."""
        boxes = sorted(self.upstream_task_ids - {self.build_task_id})
        if not boxes:
            return
        ti = given["ti"]
        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=boxes)
        red = [box for box, state in states[ti.run_id].items() if state != "success"]
        if red:
            self._skip(f"{self.model} is not built: {', '.join(red)} is not green")

    def _skip(self, why: str) -> None:
        self.log.warning(why)  # Airflow itself says only that the task was skipped
        raise AirflowSkipException(why)

    def _show(self, report: ModelReport | None) -> None:
        """Say in the log what happened, and take its colour."""
        if report is None:
            raise AirflowFailException(
                f"the build did not know {self.model}: is it disabled, or newer than the build? "
                "Clear the layer's build task with what is downstream of it."
            )
        for failure in report.failed_tests:
            self.log.error("test %s: %s\n%s", failure.name, failure.message, failure.query)
        rows = "" if report.rows is None or report.rows < 0 else f", {report.rows:,} rows written"
        summary = (
            f"{report.model} {report.outcome} in {report.seconds:.2f} s{rows}, "
            f"{report.tests_passed} tests passed, {len(report.failed_tests)} failed"
        )
        if report.outcome == "failed":
            raise AirflowFailException(f"{summary}: {report.message}")
        if report.outcome == "skipped":
            self._skip(f"{report.model} was not built: a model that it reads is red")
        self.log.info(summary)


class LocalModelBox(ModelBox, LocalStep):
    """A box whose own build runs in the task's process."""

    def __init__(self, *, model: str, build_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.build_task_id = build_task_id


def model_box(settings: Settings, model: str, *, build_task_id: str, **kwargs: Any) -> BaseOperator:
    """The box of `model`, which shows what `build_task_id` says of it."""
    command = [PROGRAM, *build_command([model]), "--alone"]
    names = {"task_id": model, "model": model, "build_task_id": build_task_id}
    if settings.task_runner == "docker":
        from pipeline_blocks.container_step import ContainerModelBox

        return ContainerModelBox(**names, command=command, settings=settings, **kwargs)
    return LocalModelBox(**names, command=command, **kwargs)


def build_command(select: Sequence[str]) -> list[str]:
    """The command line that builds what `select` names and reports on it."""
    return ["pipeline", "build", *(part for name in select for part in ("--select", name))]
