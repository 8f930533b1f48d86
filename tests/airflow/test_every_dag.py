"""What an operator may rely on in each DAG, whoever wrote it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fraud_core.settings import REPOSITORY

LoadDags = Callable[..., Any]
DAG_IDS = sorted(file.stem for file in (REPOSITORY / "airflow" / "dags").glob("*.py"))


def test_every_dag_file_loads(load_dags: LoadDags) -> None:
    assert load_dags().import_errors == {}


def test_every_file_holds_one_dag_named_like_the_file(load_dags: LoadDags) -> None:
    dags = load_dags().dags

    assert sorted(dags) == DAG_IDS
    assert [Path(dags[dag_id].fileloc).stem for dag_id in DAG_IDS] == DAG_IDS


@pytest.mark.parametrize("dag_id", DAG_IDS)
@pytest.mark.parametrize("runner", ["local", "docker"])
class TestEveryDag:
    """Asked of both runners, because each makes tasks of its own."""

    @pytest.fixture
    def dag(self, load_dags: LoadDags, dag_id: str, runner: str) -> Any:
        return load_dags(TASK_RUNNER=runner).dags[dag_id]

    def test_says_its_purpose_its_owner_and_what_to_do_when_it_is_red(self, dag: Any) -> None:
        assert dag.description
        assert dag.doc_md.startswith("**")
        assert "*Owner*: " in dag.doc_md
        assert "Red: " in dag.doc_md

    def test_can_be_found_by_a_tag(self, dag: Any) -> None:
        assert dag.tags

    def test_never_overlaps_itself_nor_runs_for_the_past_unasked(self, dag: Any) -> None:
        assert dag.max_active_runs == 1
        assert dag.catchup is False

    def test_ends_in_bounded_time(self, dag: Any) -> None:
        assert dag.dagrun_timeout <= timedelta(hours=6)
        assert all(task.execution_timeout <= dag.dagrun_timeout for task in dag.tasks)

    def test_every_task_is_tried_again_with_growing_pauses(self, dag: Any) -> None:
        for task in dag.tasks:
            assert task.retries >= 1, task.task_id
            assert task.retry_exponential_backoff > 1, task.task_id
            assert task.max_retry_delay, task.task_id

    def test_every_task_has_the_same_owner(self, dag: Any) -> None:
        assert {task.owner for task in dag.tasks} == {"fraud-platform"}
