"""Forgets old runs of the DAGs: a pipeline that runs every five minutes makes 100,000 a year.

A run goes with its tasks, their results and notes; its logs go from the disk of this machine.
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fraud_core.settings import Settings
from fraud_local.airflow_api import AirflowApi, airflow_api

KEPT_DAYS = 30
MOST_AT_ONCE = 2_000
"""Runs forgotten by one call, so that it ends in bounded time; the next one goes on."""


def forget_old_runs(settings: Settings, logs: Path | None) -> int:
    """Delete runs that ended more than KEPT_DAYS ago; returns how many. `logs` is their folder."""
    before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    forgotten = 0
    with airflow_api(settings) as api:
        while forgotten < MOST_AT_ONCE and (found := api.runs_ended_before(before)):
            for dag_id, run_id in found:
                _forget(api, dag_id, run_id, logs)
            forgotten += len(found)
    return forgotten


def _forget(api: AirflowApi, dag_id: str, run_id: str, logs: Path | None) -> None:
    api.delete_run(dag_id, run_id)
    if logs is not None:
        shutil.rmtree(logs / f"dag_id={dag_id}" / f"run_id={run_id}", ignore_errors=True)
