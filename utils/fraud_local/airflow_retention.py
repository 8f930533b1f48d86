"""Forgets old runs of the DAGs: a pipeline that runs every five minutes makes 100,000 a year.

A run goes with its tasks, their results and notes; its logs go from the disk of this machine, and
so do those of parsing the DAGs, which Airflow writes day by day and never deletes.
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


def forget_old_parsing(logs: Path) -> int:
    """Delete what is in `logs`, a folder a day, from before KEPT_DAYS; returns how many days."""
    oldest = (datetime.now(UTC) - timedelta(days=KEPT_DAYS)).date().isoformat()
    days = [day for day in logs.glob("20??-??-??") if day.name < oldest]
    for day in days:
        shutil.rmtree(day)
    return len(days)
