"""Which runs build: all that somebody started, and scheduled ones with something new."""

import json
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, chain
from airflow.sdk.exceptions import DownstreamTasksSkipped

from fraud_core.settings import load_settings
from pipeline_blocks.steps import LocalStep, step
from pipeline_blocks.watermark import LANDED_ORDERS, ArrivalsGate, BuiltUpTo, LandedCheck

NOTHING: dict[str, Any] = {
    "up_to": 7,
    "at": "2026-01-05T00:00:00Z",
    "orders": 0,
    "flagged": 0,
    "labels": 0,
    "dead_letters": 0,
}


class Run:
    """As much of a run as the gate asks for."""

    def __init__(self, run_type: str = "scheduled") -> None:
        self.run_type = run_type
        self.try_number = 1
        self.result: Any = None

    def xcom_pull(self, *, task_ids: str) -> Any:
        assert task_ids == "gate"
        return self.result


def pass_gate(monkeypatch: pytest.MonkeyPatch, run: Run, found: dict[str, Any]) -> Any:
    def result(_: LocalStep, __: Any) -> Any:
        return found

    monkeypatch.setattr(LocalStep, "execute", result)
    with DAG(dag_id="pipeline", schedule=None):
        gate: Any = step(load_settings(), "gate", [], kind=ArrivalsGate)
        chain(gate, EmptyOperator(task_id="build"), EmptyOperator(task_id="end"))
    return gate.execute({"dag_run": run, "ti": run})


def test_a_scheduled_run_that_finds_nothing_new_skips_all_that_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        pass_gate(monkeypatch, Run(), NOTHING)

    assert skipped.value.tasks == ["build", "end"]


@pytest.mark.parametrize("what", ["orders", "labels", "dead_letters"])
def test_a_scheduled_run_goes_on_for_anything_new(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    found = {**NOTHING, what: 1}

    assert pass_gate(monkeypatch, Run(), found) == found


def test_a_run_that_somebody_started_goes_on_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pass_gate(monkeypatch, Run("manual"), NOTHING) == NOTHING


class Store(dict[str, Any]):
    """As much of an asset's state as is asked for."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def test_a_check_that_finds_nothing_wrong_remembers_how_far_it_got(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked = {"up_to": 7, "next_offsets": {"orders/0": 8}}

    def result(_: LocalStep, __: Any) -> Any:
        return {"landed": {"orders": 7}, "checked": checked}

    monkeypatch.setattr(LocalStep, "execute", result)
    store = Store()
    with DAG(dag_id="pipeline", schedule=None):
        check: Any = step(load_settings(), "check", [], kind=LandedCheck)

    assert check.execute({"ti": Run(), "asset_state_store": store}) == {"orders": 7}
    assert json.loads(store["checked"]) == checked


@pytest.mark.parametrize(
    ("models", "watermark"),
    [([], {"built_up_to": 7, "built_at": "2026-01-05T00:00:00+00:00"}), (["dim_date"], {})],
)
def test_the_watermark_moves_when_every_model_was_asked_for(
    models: list[str], watermark: dict[str, Any]
) -> None:
    run, store = Run(), Store()
    run.result = NOTHING
    with DAG(dag_id="pipeline", schedule=None):
        end: Any = BuiltUpTo(task_id="end", arrivals_task_id="gate")

    end.execute({"ti": run, "params": {"models": models}, "asset_state_store": store})

    assert store == watermark
    assert end.inlets == [LANDED_ORDERS]
