"""`make bench`: every benchmark of this folder, as a table and as a file under .fraud/bench/.

    python -m tests.benchmarks [NAME ...] [--rounds 5] [--orders N] [--rate N] [--seconds N]

A module named bench_*.py here adds its own by a tuple BENCHES. The file is written after each of
them; one that fails is named at the end, and the others still run. The sizes are small, so that
all of it ends in some minutes; name a benchmark and give it a size for a long one. Those that take
longer in any size run only when they are named.
"""

import argparse
import importlib
import os
import sys
import time
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from tests.benchmarks.harness import Bench, Wishes
from tests.benchmarks.own_stack import end_on_sigterm
from tests.benchmarks.report import Measured, Report, machine, path_of, save, show


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
    found = bench.run(bench.sized(wishes))
    seconds = round(time.monotonic() - began, 1)
    loads = (round(load, 2), round(os.getloadavg()[0], 2))
    return Measured(found=found, sizes=bench.sizes_for(wishes), load=loads, seconds=seconds)


def run_all(asked: Iterable[Bench], wishes: Wishes, report: Report) -> list[str]:
    """One after the other into the report, which is saved after each; returns what failed."""
    failed: list[str] = []
    for bench in asked:
        try:
            report.results[bench.name] = run(bench, wishes)
        except Exception:
            traceback.print_exc()
            failed.append(bench.name)
        else:
            save(report)
    return failed


def main() -> None:
    """Measure what was asked for, print it, and keep it."""
    end_on_sigterm()
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
    refusals = list(filter(None, (known[name].refusal(wishes) for name in names)))
    if wishes.rounds < 1:
        refusals.append(f"--rounds is {wishes.rounds}, and one is the least")
    if refusals:
        parser.error("; ".join(refusals))
    report = Report(
        began_at=datetime.now(UTC), load_at_start=os.getloadavg(), machine=machine(), results={}
    )
    failed = run_all([known[name] for name in names], wishes, report)
    if asked.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    elif report.results:
        Console().print(show(report.results))
        note = "`make bench-compare` sets it beside the one before"
        Console().print(f"written to {path_of(report)}; {note}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _parser(known: dict[str, Bench]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        epilog="\n".join(_line(bench) for bench in known.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    parser.add_argument(
        "--rounds",
        type=int,
        default=5,
        help="of which medians are taken; rules and memory have their own, and what is one run has "
        "none",
    )
    heeds = {
        size: ", ".join(bench.name for bench in known.values() if size in bench.sizes)
        for size in ("orders", "customers", "rate", "seconds")
    }
    parser.add_argument("--orders", type=int, default=0, help=f"of {heeds['orders']}")
    parser.add_argument("--customers", type=int, default=0, help=f"of {heeds['customers']}")
    parser.add_argument(
        "--rate",
        type=float,
        default=0,
        help=f"orders a second: of {heeds['rate']}; highest_rate begins with it",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=0,
        help=f"of {heeds['seconds']}; of latency and highest_rate for each window",
    )
    return parser


def _line(bench: Bench) -> str:
    notes = ["one run by its nature"] * bench.is_one_run + ["only when named"] * bench.is_long
    return f"  {bench.name:30} {bench.about}" + f" ({', '.join(notes)})" * bool(notes)


if __name__ == "__main__":
    main()
