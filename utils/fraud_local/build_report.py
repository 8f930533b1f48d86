"""What a dbt build says to each model's box: small enough to travel through Airflow, as JSON."""

import re
from typing import Literal
from uuid import uuid4

import msgspec

from fraud_core.errors import WarehouseError
from fraud_local.dbt import BuildResult, NodeResult

QUERY_CHARACTERS = 4000
"""Longer queries are cut: the whole one is in dbt's target folder."""

_AWAY = re.compile(
    r"server closed the connection|terminating connection|connection already closed"
    r"|connection to server .* failed|SSL SYSCALL error|SSL connection has been closed"
    r"|the database system is (starting up|shutting down|in recovery mode|not yet accepting)"
)
"""What libpq and Postgres say when the server went away; dbt passes on no SQLSTATE."""

_OTHER_COLUMNS = re.compile(
    r"source and target schemas on this incremental model are out of sync"
    r"|column \S+ (of relation \S+ )?does not exist"
)
"""What dbt says of a table whose model has other columns now, and Postgres when a model reads its
own table."""

_ANEW = (
    "\nIf an upgrade changed its columns, have it built anew: a run with *Full refresh* and the "
    "model under *Models* (docs/deployment.md, Upgrades)."
)


class TestFailure(msgspec.Struct, frozen=True):
    """A test that found rows, or could not be asked; `query` finds the rows again."""

    __test__ = False  # for pytest: a result, not a test case

    name: str
    status: str
    failures: int
    message: str
    query: str


class ModelReport(msgspec.Struct, frozen=True):
    """How a model's box should look, and what its log should say.

    `warned_tests` found rows that keep nothing from being built; they are not among the passed.
    """

    model: str
    outcome: Literal["built", "failed", "skipped"]
    seconds: float
    message: str
    rows: int | None
    tests_passed: int
    failed_tests: tuple[TestFailure, ...]
    warned_tests: tuple[TestFailure, ...] = ()


class BuildReport(msgspec.Struct, frozen=True):
    """One build; `build_id` tells two builds of the same models apart."""

    build_id: str
    models: tuple[ModelReport, ...]

    def of_model(self, name: str) -> ModelReport | None:
        """The report of one model, or None when it was not part of the build."""
        return next((model for model in self.models if model.model == name), None)


def report(result: BuildResult) -> BuildReport:
    """Gather each model's result and its tests' results."""
    names = [node.model for node in result.nodes if node.kind == "model"]
    models = tuple(_model_report(name, result.of_model(name)) for name in names)
    return BuildReport(build_id=uuid4().hex, models=models)


def require_connected(result: BuildResult) -> None:
    """Raise WarehouseError when Postgres went away: no model is to blame, trying again helps."""
    cut = next((node for node in result.problems if _AWAY.search(node.message)), None)
    if cut is not None:
        raise WarehouseError(
            f"Postgres went away while {cut.name} was built; the build can be repeated:\n"
            f"{cut.message}"
        )


def require_every_failure_shown(result: BuildResult, shown: BuildReport) -> None:
    """Raise WarehouseError for a failure that belongs to no model here, so that none is lost."""
    lost = [node.name for node in result.problems if shown.of_model(node.model) is None]
    if lost:
        raise WarehouseError(
            f"{', '.join(lost)} failed, and no model that was built here shows it: "
            "see the build's log"
        )


def _model_report(name: str, nodes: tuple[NodeResult, ...]) -> ModelReport:
    model = next(node for node in nodes if node.kind == "model")
    tests = [node for node in nodes if node.kind != "model"]
    failed = tuple(_failure(node) for node in tests if not node.is_good and not _skipped(node))
    warned = tuple(_failure(node) for node in tests if node.has_warned)
    return ModelReport(
        model=name,
        outcome=_outcome(model, failed),
        seconds=round(model.seconds, 3),
        message=model.message + (_ANEW if _OTHER_COLUMNS.search(model.message) else ""),
        rows=model.rows,
        tests_passed=sum(node.is_good for node in tests) - len(warned),
        failed_tests=failed,
        warned_tests=warned,
    )


def _outcome(
    model: NodeResult, failed: tuple[TestFailure, ...]
) -> Literal["built", "failed", "skipped"]:
    """A model is red when it or one of its tests failed, also when a unit test kept it unbuilt."""
    if failed or not (model.is_good or _skipped(model)):
        return "failed"
    return "skipped" if _skipped(model) else "built"


def _skipped(node: NodeResult) -> bool:
    return node.status == "skipped"


def _failure(node: NodeResult) -> TestFailure:
    return TestFailure(
        name=node.name,
        status=node.status,
        failures=node.failures,
        message=node.message,
        query=node.query.strip()[:QUERY_CHARACTERS],
    )
