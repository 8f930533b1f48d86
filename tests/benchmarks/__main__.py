"""`make bench`: every benchmark of this folder, as a table and as a file under .fraud/bench/.

    python -m tests.benchmarks [NAME ...] [--rounds 5] [--orders N] [--rate N] [--seconds N]

A module named bench_*.py here adds its own by a tuple BENCHES. The sizes are small, so that all of
it ends in some minutes; name a benchmark and give it a size for a long one.
"""

import argparse
import importlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from tests.benchmarks.harness import Bench, Wishes
from tests.benchmarks.report import Measured, Report, machine, save, show


def benches() -> dict[str, Bench]:
    """All there are by name, in the order of their modules' names."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    return {
        bench.name: bench
        for module in modules
        for bench in importlib.import_module(f"tests.benchmarks.{module}").BENCHES
    }


def run(bench: Bench, wishes: Wishes) -> Measured:
    """One benchmark with the load beside it."""
    Console(stderr=True).print(f"measuring {bench.name}: {bench.about} ...", style="dim")
    load, began = os.getloadavg()[0], time.monotonic()
    found = bench.run(wishes)
    seconds = round(time.monotonic() - began, 1)
    loads = (round(load, 2), round(os.getloadavg()[0], 2))
    return Measured(found=found, load=loads, seconds=seconds)


def main() -> None:
    """Measure what was asked for, print it, and keep it."""
    known = benches()
    parser = _parser(known)
    asked = parser.parse_args()
    unknown = set(asked.names) - known.keys()
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    wishes = Wishes(
        rounds=asked.rounds,
        orders=asked.orders,
        customers=asked.customers,
        rate=asked.rate,
        seconds=asked.seconds,
    )
    names = asked.names or [name for name, bench in known.items() if not bench.is_long]
    began_at, load = datetime.now(UTC), os.getloadavg()
    results = {name: run(known[name], wishes) for name in names}
    report = Report(began_at=began_at, load_at_start=load, machine=machine(), results=results)
    path = save(report)
    if asked.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        Console().print(show(results))
        Console().print(f"written to {path}; `make bench-compare` sets the two newest side by side")


def _parser(known: dict[str, Bench]) -> argparse.ArgumentParser:
    about = (f"  {b.name:30} {b.about}{' (only when named)' * b.is_long}" for b in known.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog="\n".join(about),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument(
        "--orders", type=int, help="of drain, landing, restart, warehouse, memory, history"
    )
    parser.add_argument("--customers", type=int, help="of memory, history")
    parser.add_argument(
        "--rate",
        type=float,
        help="orders a second: of latency, soak, slow_postgres; the first of highest_rate",
    )
    parser.add_argument(
        "--seconds", type=float, help="of latency, highest_rate, soak, slow_postgres"
    )
    return parser


if __name__ == "__main__":
    main()
