"""What Airflow hands to the notifier differs with who calls; the alarm says the same."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline_blocks.notifier import alarm
from pipeline_blocks.own_api import own_api

RUN_ID = "manual__2026-01-05T00:00:00"


@pytest.mark.parametrize(
    ("context", "task_id", "reason"),
    [
        (
            {
                "dag": SimpleNamespace(dag_id="housekeeping"),
                "run_id": RUN_ID,
                "reason": "timed_out",
            },
            None,
            "timed_out",
        ),
        (
            {
                "dag_run": SimpleNamespace(dag_id="housekeeping", run_id=RUN_ID),
                "ti": SimpleNamespace(task_id="prune"),
                "reason": "task_failure",
            },
            "prune",
            "task_failure",
        ),
        ({"dag_run": {"dag_id": "housekeeping", "dag_run_id": RUN_ID}}, None, ""),
    ],
    ids=["a failed run", "a failed run with its last task", "a missed deadline"],
)
def test_the_alarm_names_the_run_whoever_calls(
    context: Any, task_id: str | None, reason: str
) -> None:
    found = alarm(context, "failed")

    assert (found.dag_id, found.run_id) == ("housekeeping", RUN_ID)
    assert (found.task_id, found.reason) == (task_id, reason)


def test_a_task_calls_the_api_where_airflow_says_that_tasks_find_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_PASSWORD", "secret")
    monkeypatch.setenv("AIRFLOW_URL", "http://for-people:8080")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "http://inside:9000/execution/")

    with own_api() as api:
        assert api.address == "http://inside:9000"
