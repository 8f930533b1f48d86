"""Runs dbt in this process, as the dbt role, and says what became of each model and test.

In-process a build costs 0.4 s on top of its SQL; the `dbt` command costs 2 s. `dbt_environment`
is for those who start that command themselves: a shell, a container.
"""

import gc
import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fraud_core.errors import WarehouseError
from fraud_core.settings import Role, Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

_ALL_ROWS: Mapping[str, int] = {"test_window": 0}
_GOOD = frozenset({"success", "pass", "warn", "no-op"})


class NodeResult(msgspec.Struct, frozen=True):
    """What became of one model, test or seed; `status` is in dbt's words.

    `model` is the model that was built or tested, so that a model's box is red when its own tests
    fail; a test over several counts for the one that its name begins with, else for the first that
    it refers to. `failures` counts the rows that a test found, and `query` is what finds them
    again. `rows` is what a model wrote, None when the database does not say. A skipped node was not
    tried, because one that it needs failed.
    """

    name: str
    kind: str
    model: str
    status: str
    seconds: float
    message: str
    failures: int
    rows: int | None = None
    query: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it did its work: built, passed, or passed with a warning."""
        return self.status in _GOOD

    @property
    def has_warned(self) -> bool:
        """Whether it is a test that found rows which keep nothing from being built."""
        return self.status == "warn"


class BuildResult(msgspec.Struct, frozen=True):
    """All results of one build, in the order in which they finished."""

    nodes: tuple[NodeResult, ...]

    @property
    def is_good(self) -> bool:
        """Whether every node did its work."""
        return all(node.is_good for node in self.nodes)

    @property
    def problems(self) -> tuple[NodeResult, ...]:
        """Nodes that failed or were skipped."""
        return tuple(node for node in self.nodes if not node.is_good)

    def of_model(self, model: str) -> tuple[NodeResult, ...]:
        """The results of a model and of its tests; empty when it was not part of the build."""
        return tuple(node for node in self.nodes if node.model == model)


def dbt_environment(settings: Settings, *, target: Path | None = None) -> dict[str, str]:
    """The variables that the project's profile and the `dbt` command read, password included.

    `target` takes what a run writes (default: under FRAUD_HOME); builds that may overlap each need
    their own. Raises SettingsError when the connection is not known.
    """
    connection = settings.connection(Role.DBT)
    project = settings.fraud_project / "dbt"
    target = target or settings.fraud_home / "dbt" / "target"
    key = _in_options(settings.pseudonym_secret())
    return {
        "POSTGRES_HOST": str(connection["host"]),
        "POSTGRES_PORT": str(connection["port"]),
        "POSTGRES_DB": connection["dbname"],
        "DBT_USER": connection["user"],
        "DBT_PASSWORD": connection["password"],
        "PGSSLMODE": connection["sslmode"],
        "PGCLIENTENCODING": "UTF8",
        **({"PGSSLROOTCERT": root} if (root := connection.get("sslrootcert")) else {}),
        "ANALYST_USER": settings.analyst_user,
        # The key is a setting of the session: never part of a statement, a log or a table.
        # Compiling a model's statement costs the server more than running it over an increment.
        "PGOPTIONS": f"-c jit=off -c fraud.pseudonym_key={key}",
        "DBT_PROJECT_DIR": str(project),
        "DBT_PROFILES_DIR": str(project),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target / "logs"),
        # It parses with threads of its own, which are missing in a process that was forked since:
        # a task of Airflow's would wait for them for ever.
        "DBT_STATIC_PARSER": "false",
        "DBT_USE_COLORS": "false",
        "DBT_USE_COLORS_FILE": "false",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def _in_options(value: str) -> str:
    """`value` as libpq's options take it: spaces and backslashes would end or change it."""
    return re.sub(r"([\\\s])", r"\\\1", value)


def build(
    settings: Settings,
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
    data_tests: bool = True,
    unit_tests: bool = False,
    complete: bool = False,
    indirect_selection: Literal["buildable", "eager"] = "buildable",
    target: Path | None = None,
    manifest: "Manifest | None" = None,
) -> BuildResult:
    """Build and test what `select` names (dbt's syntax; empty: everything).

    `buildable` leaves out tests that need a model neither selected nor upstream of it; `eager` runs
    every test that touches a selected model. Tests look at the newest rows; with `complete` they
    look at all, and those that read all of history run as well. Unit tests try the code and not the
    data, so they only run when asked for. A failed model or test is a result, not an exception.
    Raises WarehouseError when dbt could not get as far as building: a broken project, or no
    connection, and for a full refresh when retention has dropped orders, which the models would
    lose. A `manifest` from `parse` saves reading the project again. One build at a time per
    process: dbt reads the process environment.
    """
    arguments = ["build", *_selection(select)]
    arguments += ["--full-refresh"] if full_refresh else []
    arguments += [] if data_tests else ["--exclude-resource-type", "test"]
    arguments += [] if unit_tests else ["--exclude-resource-type", "unit_test"]
    arguments += _variables(_ALL_ROWS) if complete else ["--exclude", "tag:complete"]
    arguments += ["--indirect-selection", indirect_selection]
    # The results come back as objects; writing the manifest as JSON takes a quarter of a second.
    arguments += ["--no-write-json"]
    outcome = _invoke(dbt_environment(settings, target=target), arguments, manifest)
    return _build_result(outcome.results)


def run_tests(
    settings: Settings,
    *,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    complete: bool = False,
    variables: Mapping[str, int] | None = None,
) -> BuildResult:
    """Run data tests that `select` names (empty: all of a usual build), building nothing.

    Those that `exclude` names are left out. With `complete` they look at all rows, and those that
    read all of history run as well. Raises WarehouseError when dbt could not get as far as testing.
    """
    arguments = ["test", *_selection(select), "--exclude-resource-type", "unit_test"]
    left_out = [*exclude, *([] if complete or select else ["tag:complete"])]
    arguments += ["--exclude", *left_out] if left_out else []
    chosen = {**(_ALL_ROWS if complete else {}), **(variables or {})}
    arguments += _variables(chosen) if chosen else []
    target = settings.fraud_home / "dbt" / "tests"
    outcome = _invoke(dbt_environment(settings, target=target), arguments, None)
    return _build_result(outcome.results)


def write_docs(settings: Settings) -> Path:
    """Describe the built warehouse, with lineage, in one HTML page; returns where it is."""
    target = settings.fraud_home / "dbt" / "docs"
    _invoke(dbt_environment(settings, target=target), ["docs", "generate", "--static"], None)
    return target / "static_index.html"


def _selection(select: Sequence[str]) -> list[str]:
    return ["--select", *select] if select else []


def _variables(values: Mapping[str, int]) -> list[str]:
    """Other variables than the project's cost a full parse, some seconds."""
    return ["--vars", msgspec.json.encode(values).decode()]


def parse(settings: Settings, *, target: Path | None = None) -> "Manifest":
    """Read the project, without a connection, and leave `manifest.json` in the target folder."""
    return _invoke(dbt_environment(settings, target=target), ["parse"], None)


def _invoke(environment: dict[str, str], arguments: list[str], manifest: "Manifest | None") -> Any:
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    with _process_environment(environment):
        outcome = dbtRunner(manifest=manifest).invoke(arguments)
    # The adapter and its semaphores live in a global of dbt's. A task that Airflow forked ends
    # without clean-up, and would leave them behind.
    reset_adapters()
    gc.collect()
    if outcome.result is None or isinstance(outcome.result, bool):
        raise WarehouseError(
            f"dbt {arguments[0]} did not start: {outcome.exception}\n"
            f"its log is {environment['DBT_LOG_PATH']}/dbt.log"
        ) from outcome.exception
    return outcome.result


@contextmanager
def _process_environment(variables: dict[str, str]) -> Generator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _build_result(results: Any) -> BuildResult:
    """Without the project's own check before a run, which ends the run when it refuses it."""
    found = (_node_result(result) for result in results)
    return BuildResult(nodes=tuple(node for node in found if node.kind != "operation"))


def _node_result(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        name=node.name,
        kind=str(node.resource_type),
        model=_model_of(node),
        status=str(result.status),
        seconds=result.execution_time,
        message=result.message or "",
        failures=result.failures or 0,
        rows=(result.adapter_response or {}).get("rows_affected"),
        query=getattr(node, "compiled_code", None) or "",
    )


def _model_of(node: Any) -> str:
    kind = str(node.resource_type)
    if kind not in ("test", "unit_test"):
        return node.name
    tested = getattr(node, "attached_node", None) or getattr(node, "tested_node_unique_id", None)
    if tested:
        return tested.split(".")[-1]
    parents = [name.split(".")[-1] for name in node.depends_on.nodes if name.startswith("model.")]
    named_after = [parent for parent in parents if node.name.startswith(parent)]
    return next(iter(named_after or parents), node.name)
