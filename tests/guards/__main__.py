"""`make guards`: take each guard out of a copy of the tree and see a test fail for it.

    .venv/bin/python -m tests.guards [--only TEXT] [--file TEXT] [--at-once] [--list]

One Kafka and one Postgres serve all runs. First the tests must pass with every guard in place, so
that a failure means something. Exits with 1 when a guard is missed by nobody.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fraud_core.settings import load_settings
from fraud_local.ports import USUAL
from fraud_local.stack import Stack
from tests.guards.guard import ROOT, Guard, guards
from tests.support.landing_support import environment

COPIED = ("airflow", "dbt", "kafka", "postgres", "tests", "utils", "pyproject.toml", ".env.example")
SECONDS = 300
"""A run without a guard may hang; one that is ended after so long has noticed as well."""

PORTS = {part: port + 15_000 for part, port in USUAL.items()}
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+(?: \S+)*?)(?: - .*)?$", flags=re.MULTILINE)


def main() -> int:
    """Run what was asked for, print a table, say whether every guard is missed by some test."""
    parser = argparse.ArgumentParser(prog="make guards", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose name has this in it")
    parser.add_argument("--list", action="store_true", help="name the guards and do nothing")
    parser.add_argument("--at-once", action="store_true", help="without trying the tests first")
    parser.add_argument("--file", default="", help="guards in files whose path has this in it")
    wishes = parser.parse_args()
    chosen = [
        guard for guard in guards() if wishes.only in guard.name and wishes.file in guard.file
    ]
    if not chosen:
        parser.error("no guard has that in its name or file: see --list")
    screen = Console(width=None if sys.stdout.isatty() else 160)
    if wishes.list:
        screen.print("\n".join(f"{guard.name} ({guard.file})" for guard in chosen))
        return 0
    for number in (signal.SIGTERM, signal.SIGINT):  # ended either way, the services end as well
        signal.signal(number, signal.default_int_handler)
    with _copy() as tree, _services(chosen, tree) as variables:
        tests = sorted({test for guard in chosen for test in guard.tests})
        before = [] if wishes.at_once else _failures(tree, tests, variables, SECONDS * 10)
        for failed in before:
            screen.print(f"fails with every guard in place: {failed}", style="red")
        found = [
            (guard, _without(guard, tree, variables, screen))
            for guard in chosen
            if not any(failed.startswith(guard.tests) for failed in before)
        ]
    screen.print(_table(found))
    missed = sum(bool(failed) for _, failed in found)
    screen.print(f"{missed} of {len(chosen)} guards are missed when they go")
    if len(found) < len(chosen):
        screen.print(f"{len(chosen) - len(found)} could not be tried, for their tests fail anyway")
    return 0 if missed == len(chosen) else 1


def _without(guard: Guard, tree: Path, variables: dict[str, str], screen: Console) -> str:
    """The first test that fails without the guard, which is put back; empty when none does."""
    path, since = tree / guard.file, time.monotonic()
    source = path.read_text()
    path.write_text(guard.removed_from(source))
    try:
        failures = _failures(tree, guard.tests, variables, SECONDS, "-x")
    finally:
        path.write_text(source)
    failed = failures[0] if failures else ""
    took = f"{time.monotonic() - since:.0f} s"
    screen.print(f"{guard.name} ({took}): {failed or 'NOBODY NOTICES'}", highlight=False)
    return failed


def _failures(
    tree: Path, tests: Sequence[str], variables: dict[str, str], seconds: float, *options: str
) -> list[str]:
    """What fails of the tests."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests]
    try:
        run = subprocess.run(
            command, cwd=tree, env=variables, capture_output=True, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [f"(none ends within {seconds:.0f} s)"]
    if not run.returncode:
        return []
    return _FAILED.findall(run.stdout) or [(run.stdout + run.stderr).strip().splitlines()[-1]]


@contextmanager
def _copy() -> Generator[Path]:
    """The tree as it is now, in a folder that Postgres' user gets through."""
    tree = Path(tempfile.mkdtemp(prefix="fraud-guards-"))
    tree.chmod(0o711)
    try:
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                skipped = shutil.ignore_patterns("__pycache__", "target", "logs")
                shutil.copytree(source, tree / name, ignore=skipped)
            else:
                shutil.copy(source, tree / name)
        yield tree
    finally:
        shutil.rmtree(tree)


@contextmanager
def _services(chosen: Iterable[Guard], tree: Path) -> Generator[dict[str, str]]:
    """Variables for the runs: where the services are, and the copy's packages before ours."""
    own = {"PYTHONPATH": f"{tree}/kafka:{tree}/utils", "PYTHONDONTWRITEBYTECODE": "1"}
    if not any("integration" in test for guard in chosen for test in guard.tests):
        yield {**os.environ, **own}
        return
    home = Path(tempfile.mkdtemp(prefix="fraud-guards-home-"))
    home.chmod(0o711)
    alone = load_settings(
        fraud_home=home,
        kafka_bootstrap_servers=None,
        postgres_host=None,
        postgres_port=PORTS["postgres"],
    )
    stack = Stack(alone, usual_ports=PORTS)
    try:
        settings = stack.up(only=["kafka", "postgres"])
        yield {**environment(settings), **own, "TEST_STACK": "external"}
    finally:
        stack.down()
        shutil.rmtree(home)


def _table(found: Iterable[tuple[Guard, str]]) -> Table:
    table = Table(title="Without the guard, the first test that fails")
    for column in ("guard", "file", "test"):
        table.add_column(column, overflow="fold")
    for guard, failed in found:
        table.add_row(guard.name, guard.file, failed or "[red]nobody notices[/red]")
    return table


if __name__ == "__main__":
    sys.exit(main())
