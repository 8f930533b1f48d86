"""Housekeeping's box for Airflow's own past: what parsing logged goes with the runs."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_local.airflow_retention import KEPT_DAYS
from pipeline_blocks import forget_runs


class NoRuns:
    """An API of an Airflow that has none."""

    def runs_ended_before(self, _: datetime) -> list[tuple[str, str]]:
        return []


def test_old_days_of_parsing_are_deleted_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=age) for age in (0, KEPT_DAYS - 1, KEPT_DAYS + 1, 400)]
    for day in days:
        log = tmp_path / day.isoformat() / "dags-folder" / "housekeeping.py.log"
        log.parent.mkdir(parents=True)
        log.touch()
    (tmp_path / "latest").symlink_to(tmp_path / days[0].isoformat())
    folder = "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY"
    monkeypatch.setenv(folder, str(tmp_path))
    monkeypatch.setattr(forget_runs, "own_api", lambda: nullcontext(NoRuns()))

    context: Any = {}
    assert forget_runs.ForgetOldRuns(task_id="forget").execute(context) == 0

    kept = {days[0].isoformat(), days[1].isoformat(), "latest"}
    assert {path.name for path in tmp_path.iterdir()} == kept
