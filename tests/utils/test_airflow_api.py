"""The client of Airflow's REST API, against answers that a test writes."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from fraud_core.errors import PipelineError, SettingsError
from fraud_core.settings import load_settings
from fraud_local.airflow_api import AirflowApi, TaskInstance, airflow_api

RUN = "/api/v2/dags/d/dagRuns/r"
Answer = Callable[[httpx.Request], httpx.Response]


def airflow(routes: dict[str, Answer | list[httpx.Response]]) -> AirflowApi:
    """An Airflow that answers by path: by a function, or one prepared answer after the other."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/token" and "/auth/token" not in routes:
            return httpx.Response(201, json={"access_token": "valid"})
        route = routes[request.url.path]
        if not isinstance(route, list):
            return route(request)
        return route.pop(0) if len(route) > 1 else route[0]

    return AirflowApi(
        "http://airflow.test",
        "operator",
        SecretStr("pw"),
        patience_s=5.0,
        transport=httpx.MockTransport(answer),
    )


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def run(state: str) -> httpx.Response:
    return ok({"dag_run_id": "r", "state": state})


def tasks(*states: tuple[str, str | None], total: int | None = None) -> httpx.Response:
    found = [{"task_id": name, "state": state, "try_number": 1} for name, state in states]
    return ok({"task_instances": found, "total_entries": total or len(found)})


def test_a_run_is_followed_to_its_end_and_each_change_is_told_once() -> None:
    told: list[tuple[str, str | None]] = []

    def on_change(task: TaskInstance) -> None:
        told.append((task.task_id, task.state))

    with airflow(
        {
            RUN: [run("running"), run("running"), run("failed")],
            f"{RUN}/taskInstances": [
                tasks(("a", "running"), ("b", None)),
                tasks(("a", "running"), ("b", None)),
                tasks(("a", "success"), ("b", "failed")),
            ],
        }
    ) as api:
        end = api.follow("d", "r", on_change, timeout_s=5, poll_s=0)

    assert end.state == "failed"
    assert told == [("a", "running"), ("a", "success"), ("b", "failed")]


def test_a_run_that_does_not_end_in_time_is_an_error_that_names_it() -> None:
    routes: dict[str, Any] = {RUN: [run("running")], f"{RUN}/taskInstances": [tasks()]}

    with airflow(routes) as api, pytest.raises(PipelineError, match="r of d is still running"):
        api.follow("d", "r", lambda _: None, timeout_s=0, poll_s=0)


def test_all_pages_of_a_runs_tasks_are_read() -> None:
    pages: list[httpx.Response] = [
        tasks(("a", "success"), total=2),
        tasks(("b", "success"), total=2),
    ]

    with airflow({f"{RUN}/taskInstances": pages}) as api:
        assert [task.task_id for task in api.tasks("d", "r")] == ["a", "b"]


def test_a_server_that_is_restarting_is_waited_for() -> None:
    with airflow({RUN: [httpx.Response(503), run("success")]}) as api:
        assert api.run("d", "r").is_over


def test_a_token_that_ran_out_is_renewed() -> None:
    with airflow({RUN: [httpx.Response(401), run("success")]}) as api:
        assert api.run("d", "r").is_over


def test_a_refused_login_names_the_variables_to_check() -> None:
    routes: dict[str, Any] = {"/auth/token": [httpx.Response(401)]}

    with airflow(routes) as api, pytest.raises(SettingsError, match="AIRFLOW_PASSWORD"):
        api.run("d", "r")


def test_a_trigger_that_is_repeated_after_an_unclear_answer_starts_no_second_run() -> None:
    sent: list[dict[str, Any]] = []

    def runs(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(500 if len(sent) == 1 else 409)

    with airflow({"/api/v2/dags/d/dagRuns": runs}) as api:
        run_id = api.trigger("d")

    assert [body["dag_run_id"] for body in sent] == [run_id, run_id]
    assert sent[0]["logical_date"] is None


def test_a_dag_file_that_does_not_load_ends_the_wait_with_its_error() -> None:
    errors = ok({"import_errors": [{"filename": "d.py", "stack_trace": "NameError: x"}]})
    routes: dict[str, Any] = {
        "/api/v2/dags/d": [httpx.Response(404)],
        "/api/v2/importErrors": [errors],
    }

    with airflow(routes) as api, pytest.raises(PipelineError, match="NameError: x"):
        api.wait_for_dag("d", timeout_s=5)


def test_an_airflow_that_is_not_healthy_in_time_is_an_error_with_its_address() -> None:
    routes: dict[str, Any] = {"/api/v2/monitor/health": [ok({"scheduler": {"status": None}})]}

    with airflow(routes) as api, pytest.raises(PipelineError, match=r"airflow\.test"):
        api.wait_until_healthy(timeout_s=0)


def test_an_answer_that_says_no_is_an_error_with_its_reason() -> None:
    routes: dict[str, Any] = {RUN: [httpx.Response(404, text="no such run")]}

    with airflow(routes) as api, pytest.raises(PipelineError, match="no such run"):
        api.run("d", "r")


def test_without_an_address_the_missing_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="AIRFLOW_URL is not set"):
        airflow_api(load_settings(airflow_url=None))
