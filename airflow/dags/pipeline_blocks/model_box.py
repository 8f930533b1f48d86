"""One box a dbt model: green, red or skipped by its own result, and a build of its own if cleared.

A layer's build reports on all its models at once, under a build id of its own. A box shows each
report once and remembers the id, outside of XCom, which Airflow empties when a task starts again.
So a box that finds a report it has not shown shows it (first run, or the build was cleared too),
and a box that finds one it has shown was itself cleared: then it builds its model, and sees to it
that what hangs on it runs again as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.sdk.execution_time.context import NEVER_EXPIRE

from fraud_core.settings import Settings
from fraud_local.build_report import BuildReport, ModelReport
from pipeline_blocks.followers import WithFollowers, task_states
from pipeline_blocks.steps import step

SHOWN = "shown_build_id"


class ModelBox(WithFollowers):
    """What both runners' boxes do before, after or instead of running a command."""

    def __init__(self, *, model: str, build_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.build_task_id = build_task_id

    def work(self, context: Context) -> Any:
        """Show the build's report, or build the model and show that one."""
        # Airflow's own type calls every part of the context optional.
        given = cast(Mapping[str, Any], context)
        fresh = self._unshown_report(given)
        if fresh is None:
            self._skip_without_build(given)
            self._skip_behind_red(given)
            self.log.info("cleared after its result was shown: building %s alone", self.model)
            fresh = msgspec.convert(super().work(context), BuildReport)
        else:
            given["task_state_store"].set(SHOWN, fresh.build_id, retention=NEVER_EXPIRE)
        shown = fresh.of_model(self.model)
        if shown is not None:  # pushed, not returned: a red box has a report as well
            given["ti"].xcom_push("report", msgspec.to_builtins(shown))
        self._show(shown, is_whole=not given["params"].get("models"))

    def _unshown_report(self, given: Mapping[str, Any]) -> BuildReport | None:
        value = given["ti"].xcom_pull(task_ids=self.build_task_id)
        if value is None:
            return None
        found = msgspec.convert(value, BuildReport)
        shown = given["task_state_store"].get(SHOWN)
        return None if found.build_id == shown else found

    def _skip_without_build(self, given: Mapping[str, Any]) -> None:
        """A box runs whatever became of what is before it, the build included."""
        states = task_states(given["ti"], {self.build_task_id})
        if states[self.build_task_id] != "success":
            self._skip(f"{self.model} is not built: {self.build_task_id} is not green")

    def _skip_behind_red(self, given: Mapping[str, Any]) -> None:
        """A model is not built on top of one that is red, whoever cleared it.

        Nor on top of one that is skipped, unless that was just not asked for in this run.
        """
        good = {"success", "skipped"} if given["params"].get("models") else {"success"}
        boxes = self.upstream_task_ids - {self.build_task_id}
        red = [box for box, state in task_states(given["ti"], boxes).items() if state not in good]
        if red:
            self._skip(f"{self.model} is not built: {', '.join(red)} is not green")

    def _skip(self, why: str) -> None:
        self.log.warning(why)  # Airflow itself says only that the task was skipped
        raise AirflowSkipException(why)

    def _show(self, report: ModelReport | None, *, is_whole: bool) -> None:
        """Say in the log what happened, and take its colour."""
        if report is None and not is_whole:
            self._skip(f"{self.model} was not asked for in this run")
        if report is None:
            raise AirflowFailException(
                f"the build did not know {self.model}: is it disabled, or newer than the build? "
                "Clear the layer's build task with what is downstream of it."
            )
        for failure in report.failed_tests:
            self.log.error("test %s: %s\n%s", failure.name, failure.message, failure.query)
        for warning in report.warned_tests:
            self.log.warning("test %s: %s\n%s", warning.name, warning.message, warning.query)
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


def model_box(settings: Settings, model: str, *, build_task_id: str, **kwargs: Any) -> BaseOperator:
    """The box of `model`, which shows what `build_task_id` says of it."""
    return step(
        settings,
        model,
        [*build_command([model]), "--alone"],
        kind=ModelBox,
        model=model,
        build_task_id=build_task_id,
        **kwargs,
    )


def build_command(select: Sequence[str], *, full_when: str = "params.full_refresh") -> list[str]:
    """The command line that builds what `select` names, as the run's parameters want it."""
    parts = [part for name in select for part in ("--select", name)]
    refresh = f"{{{{ 'full' if {full_when} else 'incremental' }}}}"
    return ["pipeline", "build", *parts, f"--refresh={refresh}"]
