"""Forgets old runs of the DAGs: a pipeline that runs every five minutes makes 100,000 a year.

A run goes with its tasks, their results and notes; its logs go from the disk of this machine.
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fraud_local.airflow_api import AirflowApi

KEPT_DAYS = 30
MOST_AT_ONCE = 2_000
"""Runs forgotten by one call, so that it ends in bounded time; the next one goes on."""


def forget_old_runs(api: AirflowApi, logs: Path) -> int:
    """Delete runs that ended more than KEPT_DAYS ago; returns how many. `logs` is their folder."""
    before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    forgotten = 0
    while forgotten < MOST_AT_ONCE and (found := api.runs_ended_before(before)):
        for dag_id, run_id in found:
            api.delete_run(dag_id, run_id)
            shutil.rmtree(logs / f"dag_id={dag_id}" / f"run_id={run_id}", ignore_errors=True)
        forgotten += len(found)
    return forgotten
