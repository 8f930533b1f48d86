"""The one notifier of all DAGs: a failed run or a missed deadline, told to whoever is to know."""

from collections.abc import Mapping
from typing import Any, cast

from airflow.sdk import BaseNotifier, Context

from fraud_core.settings import load_settings
from fraud_local.notify import Alarm, tell


class OperatorNotifier(BaseNotifier):
    """Writes to the log, always, and to the webhook and the mailbox that the settings name.

    Runs in the DAG processor for a failed run, in a worker for a missed deadline.
    """

    def __init__(self, what: str = "failed", context: Context | None = None) -> None:
        super().__init__(context)
        self.what = what

    def notify(self, context: Context) -> None:
        """Say which run it is, and what is known of why."""
        settings = load_settings()
        tell(settings, alarm(context, self.what))


def alarm(context: Context, what: str) -> Alarm:
    """What Airflow hands over, which differs with who calls."""
    given = cast(Mapping[str, Any], context)
    run = given.get("dag_run")
    dag_id = _part(run, "dag_id") or getattr(given.get("dag"), "dag_id", "?")
    run_id = given.get("run_id") or _part(run, "run_id") or _part(run, "dag_run_id")
    task = given.get("task_instance") or given.get("ti")
    return Alarm(
        what=what,
        dag_id=str(dag_id),
        run_id=str(run_id),
        task_id=getattr(task, "task_id", None),
        reason=str(given.get("reason") or ""),
    )


def _part(run: Any, name: str) -> Any:
    return run.get(name) if isinstance(run, Mapping) else getattr(run, name, None)
