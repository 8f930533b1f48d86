"""A step in the task's own process: the command's result, and which errors are final."""

from typing import Any

import pytest
import typer
from airflow.sdk.exceptions import AirflowFailException

from fraud_core.errors import FraudPlatformError, ReconciliationError, StackError
from fraud_core.settings import load_settings
from fraud_local import cli
from pipeline_blocks.steps import LocalStep


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A command line whose only command, `step`, returns `result` or raises `error`."""
    behaviour: dict[str, Any] = {"result": None, "error": None}
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.callback()
    def program() -> None: ...  # pyright: ignore[reportUnusedFunction] - makes `step` a sub-command

    @app.command("step")
    def step() -> Any:  # pyright: ignore[reportUnusedFunction] - typer keeps it
        if behaviour["error"]:
            raise behaviour["error"]
        return behaviour["result"]

    monkeypatch.setattr(cli, "app", app)
    return behaviour


def run() -> Any:
    return LocalStep(task_id="step", command=["fraud", "step"]).execute({})


def test_what_the_command_returns_is_the_steps_result(command: dict[str, Any]) -> None:
    command["result"] = {"orders": 3}

    assert run() == {"orders": 3}


def test_an_error_that_waiting_does_not_cure_is_not_tried_again(command: dict[str, Any]) -> None:
    command["error"] = ReconciliationError("2 missing")

    with pytest.raises(AirflowFailException, match="2 missing"):
        run()


def test_an_error_that_may_pass_is_left_to_the_retries(command: dict[str, Any]) -> None:
    command["error"] = StackError("no answer")

    with pytest.raises(FraudPlatformError, match="no answer"):
        run()


def test_a_command_that_exits_with_a_code_is_a_failure(command: dict[str, Any]) -> None:
    command["error"] = typer.Exit(3)

    with pytest.raises(RuntimeError, match="exit code 3"):
        run()


@pytest.mark.parametrize(
    ("last_line", "result"),
    [('{"orders": 3}', {"orders": 3}), ("landed 3 orders", "landed 3 orders")],
)
def test_a_containers_last_line_is_the_steps_result(
    monkeypatch: pytest.MonkeyPatch, last_line: str, result: Any
) -> None:
    from airflow.providers.docker.operators.docker import DockerOperator

    from pipeline_blocks.container_step import ContainerStep

    def last_line_of_container(*_: Any) -> str:
        return last_line

    monkeypatch.setattr(DockerOperator, "execute", last_line_of_container)
    step = ContainerStep(task_id="step", command=["fraud"], settings=load_settings())

    assert step.execute({}) == result
