"""What an operator may rely on in each DAG, whoever wrote it."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_core.settings import REPOSITORY
from fraud_local.airflow_pools import POOLS

LoadDags = Callable[..., Any]
TRIED_ONCE = {("stream_replay", "replay")}
"""A second try would send again what the first one has sent."""
DAG_IDS = sorted(file.stem for file in (REPOSITORY / "airflow" / "dags").glob("*.py"))


def test_every_dag_file_loads(load_dags: LoadDags) -> None:
    assert load_dags().import_errors == {}


def test_every_file_holds_one_dag_named_like_the_file(load_dags: LoadDags) -> None:
    dags = load_dags().dags

    assert sorted(dags) == DAG_IDS
    assert [Path(dags[dag_id].fileloc).stem for dag_id in DAG_IDS] == DAG_IDS


def test_reading_dag_files_imports_nothing_that_is_only_needed_to_run_them(tmp_path: Path) -> None:
    script = f"""
import os, sys
sys.path.insert(0, {str(REPOSITORY / "airflow" / "dags")!r})
import {", ".join(DAG_IDS)}
heavy = {{"dbt", "docker", "pyarrow", "numpy", "confluent_kafka", "faker", "duckdb"}}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"AIRFLOW_HOME": str(tmp_path), "FRAUD_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("dag_id", DAG_IDS)
@pytest.mark.parametrize("runner", ["local", "docker"])
class TestEveryDag:
    """Asked of both runners, because each makes tasks of its own."""

    @pytest.fixture
    def dag(self, load_dags: LoadDags, dag_id: str, runner: str) -> Any:
        return load_dags(TASK_RUNNER=runner).dags[dag_id]

    def test_says_its_purpose_its_owner_when_it_runs_and_what_to_do_when_it_is_red(
        self, dag: Any
    ) -> None:
        assert dag.description
        assert dag.doc_md.startswith("**")
        assert "*Owner*: " in dag.doc_md
        assert "*When*: " in dag.doc_md
        assert "Red: " in dag.doc_md

    def test_explains_every_task_that_is_no_model(self, dag: Any) -> None:
        shown = [
            task.task_id.split(".")[0]
            for task in dag.tasks
            if not (hasattr(task, "model") or task.task_id == "all_models_built")
        ]

        assert [name for name in shown if f"`{name}`" not in dag.doc_md] == []

    def test_can_be_found_by_a_tag(self, dag: Any) -> None:
        assert dag.tags

    def test_never_overlaps_itself_nor_runs_for_the_past_unasked(self, dag: Any) -> None:
        assert dag.max_active_runs == 1
        assert dag.catchup is False

    def test_does_not_run_by_itself_as_soon_as_airflow_is_up(self, dag: Any) -> None:
        assert dag.schedule is None or dag.timetable.run_immediately == timedelta(0)

    def test_ends_in_bounded_time(self, dag: Any) -> None:
        assert dag.dagrun_timeout <= timedelta(hours=6)
        assert all(task.execution_timeout <= dag.dagrun_timeout for task in dag.tasks)

    def test_every_task_is_tried_again_with_growing_pauses(self, dag: Any) -> None:
        for task in dag.tasks:
            is_tried_again = (dag.dag_id, task.task_id) not in TRIED_ONCE
            assert (task.retries >= 1) == is_tried_again, task.task_id
            assert task.retry_exponential_backoff > 1, task.task_id
            assert task.max_retry_delay, task.task_id

    def test_every_task_has_the_same_owner(self, dag: Any) -> None:
        assert {task.owner for task in dag.tasks} == {"fraud-platform"}

    def test_every_task_takes_its_slot_from_a_pool_of_ours(self, dag: Any) -> None:
        assert {task.pool for task in dag.tasks} <= POOLS.keys()

    def test_a_failed_run_is_told_by_the_one_notifier(self, dag: Any) -> None:
        from pipeline_blocks.notifier import OperatorNotifier

        assert isinstance(dag.on_failure_callback, OperatorNotifier)

    def test_no_command_line_is_text_for_a_shell(self, dag: Any) -> None:
        for task in dag.tasks:
            command = getattr(task, "command", ["fraud"])
            assert isinstance(command, list), task.task_id
            assert command[0] == "fraud"


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_both_runners_run_the_same_command_lines(load_dags: LoadDags, dag_id: str) -> None:
    def commands(dag: Any) -> dict[str, Any]:
        return {t.task_id: t.command for t in dag.tasks if hasattr(t, "command")}

    here = commands(load_dags(TASK_RUNNER="local").dags[dag_id])
    in_containers = commands(load_dags(TASK_RUNNER="docker").dags[dag_id])

    assert here == in_containers
    assert here
