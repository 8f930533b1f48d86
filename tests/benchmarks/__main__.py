"""`make bench`: every benchmark of this folder, as a table or with --json.

A module named bench_*.py here adds its own by a tuple BENCHES.
"""

import argparse
import importlib
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.benchmarks.harness import Bench, Result, measure

FEWEST_ROUNDS = 5


def benches() -> list[Bench]:
    """All there are, in the order of their modules' names."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    return [
        bench
        for module in modules
        for bench in importlib.import_module(f"tests.benchmarks.{module}").BENCHES
    ]


def main() -> None:
    """Measure what was asked for and print it."""
    known = benches()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of: {', '.join(b.name for b in known)}")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.add_argument("--rounds", type=int, default=FEWEST_ROUNDS, help="at least 5")
    wishes = parser.parse_args()
    unknown = set(wishes.names) - {bench.name for bench in known}
    if unknown or wishes.rounds < FEWEST_ROUNDS:
        parser.error(f"unknown: {', '.join(sorted(unknown))}" if unknown else "--rounds: 5 or more")
    results: list[Result] = []
    for bench in known:
        if not wishes.names or bench.name in wishes.names:
            Console(stderr=True).print(f"measuring {bench.name} ...", style="dim")
            results.append(measure(bench, wishes.rounds))
    if wishes.json:
        sys.stdout.write(msgspec.json.encode(results).decode() + "\n")
    else:
        Console().print(_table(results))


def _table(results: list[Result]) -> Table:
    table = Table(title="Processor time, medians; the ratio is what to compare")
    for column in ("benchmark", "a second", "µs each", "times the reference", "reference"):
        table.add_column(
            column, justify="left" if column in {"benchmark", "reference"} else "right"
        )
    for result in results:
        table.add_row(
            f"{result.name} ({result.unit})",
            f"{result.per_second:,.0f}",
            f"{result.microseconds:.2f}",
            f"{result.ratio:.2f}",
            f"{result.reference}, {result.reference_microseconds:.2f} µs",
        )
    return table


if __name__ == "__main__":
    main()
