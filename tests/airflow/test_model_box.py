"""A model's box: whose result it shows, and when it builds the model itself."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, chain
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fraud_core.settings import load_settings
from fraud_local.build_report import BuildReport, ModelReport, TestFailure
from pipeline_blocks import followers
from pipeline_blocks.model_box import model_box
from pipeline_blocks.steps import LocalStep

BUILD = "dbt_marts.build"


class Store(dict[str, Any]):
    """Airflow's memory of one task over all its tries."""

    def set(self, key: str, value: Any, **_: Any) -> None:
        self[key] = value


class RunningTask:
    """What a box asks Airflow about its run: the build's result and its neighbours' states."""

    dag_id = "pipeline"
    run_id = "run"

    def __init__(self) -> None:
        self.xcom: Any = None
        self.states: dict[str, str] = {BUILD: "success"}
        self.try_number = 0
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value

    def xcom_pull(self, *, task_ids: str) -> Any:
        assert task_ids == BUILD
        return self.xcom

    def get_task_states(self, *, dag_id: str, run_ids: list[str], task_ids: list[str]) -> Any:
        assert dag_id == self.dag_id
        known = {task: self.states[task] for task in task_ids if task in self.states}
        return {run_ids[0]: known}


class Api:
    """Airflow's REST API as a box uses it: it clears tasks."""

    def __init__(self) -> None:
        self.cleared: list[str] = []

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None: ...

    def clear(self, dag_id: str, run_id: str, task_ids: list[str]) -> None:
        assert (dag_id, run_id) == (RunningTask.dag_id, RunningTask.run_id)
        self.cleared += task_ids


def model_report(outcome: Any = "built", **fields: Any) -> ModelReport:
    known: dict[str, Any] = {"seconds": 0.5, "message": "", "rows": 7, "tests_passed": 3}
    known |= {"failed_tests": (), **fields}
    return ModelReport(model="fct_orders", outcome=outcome, **known)


def build_of(report: ModelReport, build_id: str = "first") -> Any:
    return msgspec.to_builtins(BuildReport(build_id=build_id, models=(report,)))


class Harness:
    """One box, its run, and the results of the builds that it starts by itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.own_builds: list[Any] = []
        self.started = 0
        self.task = RunningTask()
        self.store = Store()
        self.api = Api()

        def api() -> Api:
            return self.api

        monkeypatch.setattr(followers, "own_api", api)
        self.models: list[str] = []
        with DAG(dag_id="pipeline", schedule=None):
            self.box: Any = model_box(load_settings(), "fct_orders", build_task_id=BUILD)
            chain(self.box, EmptyOperator(task_id="behind"))

        def run(_: LocalStep, __: Any) -> Any:
            self.started += 1
            return self.own_builds.pop(0)

        monkeypatch.setattr(LocalStep, "execute", run)

    def execute(self) -> None:
        self.task.try_number += 1
        self.box.execute(
            {
                "ti": self.task,
                "task_state_store": self.store,
                "params": {"models": self.models},
            }
        )


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    return Harness(monkeypatch)


def test_a_box_shows_what_the_build_says_of_its_model_without_building(
    harness: Harness, capfd: pytest.CaptureFixture[str]
) -> None:
    harness.task.xcom = build_of(model_report())

    harness.execute()

    assert harness.started == 0
    assert "7 rows written, 3 tests passed, 0 failed" in capfd.readouterr().out


def test_a_failed_test_makes_the_box_red_at_once_and_its_log_has_the_query(
    harness: Harness, capfd: pytest.CaptureFixture[str]
) -> None:
    failure = TestFailure("unique_id", "fail", 2, "Got 2 results", "select id from x")
    harness.task.xcom = build_of(model_report("failed", failed_tests=(failure,)))

    with pytest.raises(AirflowFailException, match="1 failed"):
        harness.execute()

    assert "select id from x" in capfd.readouterr().out


def test_a_model_that_the_build_skipped_is_a_skipped_box(harness: Harness) -> None:
    harness.task.xcom = build_of(model_report("skipped"))

    with pytest.raises(AirflowSkipException):
        harness.execute()


def test_a_model_that_the_build_did_not_know_is_red_and_says_the_way_out(harness: Harness) -> None:
    harness.task.xcom = msgspec.to_builtins(BuildReport(build_id="first", models=()))

    with pytest.raises(AirflowFailException, match="Clear the layer's build"):
        harness.execute()


def test_a_cleared_box_builds_its_model_and_shows_that_result(harness: Harness) -> None:
    harness.task.xcom = build_of(model_report("failed"))
    harness.own_builds = [build_of(model_report("built"), "own")]
    with pytest.raises(AirflowFailException):
        harness.execute()

    harness.execute()

    assert harness.started == 1


def test_a_box_that_is_cleared_again_builds_again(harness: Harness) -> None:
    harness.task.xcom = build_of(model_report())
    harness.own_builds = [
        build_of(model_report("failed"), "own"),
        build_of(model_report("built"), "own too"),
    ]
    harness.execute()
    with pytest.raises(AirflowFailException):
        harness.execute()

    harness.execute()

    assert harness.started == 2


def test_a_box_that_is_cleared_together_with_its_build_shows_the_new_result(
    harness: Harness,
) -> None:
    harness.task.xcom = build_of(model_report("failed"))
    with pytest.raises(AirflowFailException):
        harness.execute()

    harness.task.xcom = build_of(model_report("built"), "second")
    harness.execute()

    assert harness.started == 0


def test_a_cleared_box_is_not_built_on_top_of_a_red_one(harness: Harness) -> None:
    harness.box.upstream_task_ids.update({BUILD, "dbt_marts.dim_customer"})
    harness.task.states["dbt_marts.dim_customer"] = "failed"
    harness.task.xcom = build_of(model_report("skipped"))
    with pytest.raises(AirflowSkipException):
        harness.execute()

    with pytest.raises(AirflowSkipException, match="dim_customer is not green"):
        harness.execute()

    assert harness.started == 0


def test_a_box_whose_build_did_not_run_is_skipped_and_builds_nothing(harness: Harness) -> None:
    harness.task.states[BUILD] = "upstream_failed"

    with pytest.raises(AirflowSkipException, match=f"{BUILD} is not green"):
        harness.execute()

    assert harness.started == 0


@pytest.mark.parametrize(("models", "builds"), [([], 0), (["fct_orders"], 1)])
def test_a_cleared_box_is_built_beside_a_skipped_one_that_was_not_asked_for(
    harness: Harness, models: list[str], builds: int
) -> None:
    harness.models = models
    harness.box.upstream_task_ids.update({BUILD, "dbt_marts.dim_customer"})
    harness.task.states["dbt_marts.dim_customer"] = "skipped"
    harness.task.xcom = build_of(model_report())
    harness.own_builds = [build_of(model_report(), "own")]
    harness.execute()

    with suppress(AirflowSkipException):
        harness.execute()

    assert harness.started == builds


def test_a_model_that_the_run_was_not_asked_for_is_a_skipped_box(harness: Harness) -> None:
    harness.models = ["dim_customer"]
    harness.task.xcom = msgspec.to_builtins(BuildReport(build_id="first", models=()))

    with pytest.raises(AirflowSkipException):
        harness.execute()


def test_a_red_box_leaves_its_report_for_the_runs_report(harness: Harness) -> None:
    harness.task.xcom = build_of(model_report("failed"))

    with pytest.raises(AirflowFailException):
        harness.execute()

    assert harness.task.pushed["report"]["outcome"] == "failed"


def test_what_hangs_on_a_cleared_box_runs_again_even_when_nobody_asked_for_it(
    harness: Harness,
) -> None:
    harness.task.xcom = build_of(model_report("failed"))
    with pytest.raises(AirflowFailException):
        harness.execute()
    harness.task.states["behind"] = "upstream_failed"
    harness.own_builds = [build_of(model_report("built"), "own")]

    harness.execute()

    assert harness.api.cleared == ["behind"]


def test_what_was_cleared_with_the_box_is_not_cleared_twice(harness: Harness) -> None:
    harness.task.xcom = build_of(model_report("failed"))
    with pytest.raises(AirflowFailException):
        harness.execute()
    harness.own_builds = [build_of(model_report("built"), "own")]

    harness.execute()

    assert harness.api.cleared == []
