"""What follows a cleared task runs again as well, whether or not the operator asked for it."""

from collections.abc import Mapping
from typing import Any, cast

from airflow.sdk import BaseOperator, Context

from pipeline_blocks.own_api import own_api


class WithFollowers(BaseOperator):
    """Cleared without *Downstream*, tasks would leave those behind them, and the run, as they were.

    A task that runs for the first time, or is tried again, finds that nothing behind it has begun.
    """

    def execute(self, context: Context) -> Any:
        """Have those behind run again, then do the work."""
        self._have_followers_run_again(cast(Mapping[str, Any], context))
        return self.work(context)

    def work(self, context: Context) -> Any:
        """What the task is there for; by itself, to run its command."""
        return super().execute(context)

    def _have_followers_run_again(self, given: Mapping[str, Any]) -> None:
        """Clear every task behind this one that is over."""
        ti = given["ti"]
        if ti.try_number < 2:
            return
        states = task_states(ti, self.get_flat_relative_ids(upstream=False))
        over = sorted(task for task, state in states.items() if state is not None)
        if not over:
            return
        self.log.info("what follows %s runs again: %s", self.task_id, ", ".join(over))
        with own_api() as api:
            api.clear(ti.dag_id, ti.run_id, over)


def task_states(ti: Any, task_ids: set[str]) -> dict[str, str | None]:
    """How other tasks of the run stand; None for those that have not begun."""
    if not task_ids:
        return {}
    wanted = sorted(task_ids)
    found = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id], task_ids=wanted)
    return {task: found.get(ti.run_id, {}).get(task) for task in wanted}
