"""What every DAG and every task has unless it says otherwise."""

from datetime import timedelta
from typing import Any

from airflow.sdk import CronTriggerTimetable

from pipeline_blocks.notifier import OperatorNotifier

OWNER = "fraud-platform"


def task_defaults(pool: str, **changes: Any) -> dict[str, Any]:
    """The `default_args` of a DAG whose tasks take their slots from `pool`."""
    return {
        "owner": OWNER,
        "pool": pool,
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(minutes=30),
        **changes,
    }


def dag_defaults(pool: str, **changes: Any) -> dict[str, Any]:
    """What DAGs have in common: one run at a time, bounded, none for the past unasked, alarms."""
    return {
        "catchup": False,
        "max_active_runs": 1,
        "is_paused_upon_creation": False,
        "dagrun_timeout": timedelta(hours=2),
        "default_args": task_defaults(pool),
        "on_failure_callback": OperatorNotifier(),
        **changes,
    }


def at(cron: str, *, covers: timedelta = timedelta(0)) -> CronTriggerTimetable:
    """A UTC schedule whose runs are about the `covers` before them; the first one is yet to come.

    Airflow would start with the run that was last due, all DAGs at once as soon as the stack is up.
    """
    return CronTriggerTimetable(cron, timezone="UTC", interval=covers, run_immediately=timedelta(0))
