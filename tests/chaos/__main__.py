"""`make chaos`: break everything again and again for a long time, and count what went wrong.

Prints its seeds; `--first-seed N --seeds 1` has one run again. Exits with 1 when anything was lost,
doubled or unexplained, and with 2 when something got stuck.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence

import msgspec
import psycopg2
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos.arena import Arena
from tests.chaos.faults import CUTS_AT_ONCE, FAULTS, Fault, faults_possible
from tests.chaos.recovery import Measure, recover
from tests.chaos.run import Report, Tell, storm
from tests.chaos.services import StuckError
from tests.chaos.tables import fault_table, measure_table, run_table

CUT_KINDS = ("cut_before_commit", "cut_after_commit")
OUTAGE_SECONDS = 120.0
WIDTH = 160


class Outcome(msgspec.Struct):
    """All of a long form; `missing` are kinds of faults that this machine does not allow."""

    command: str
    missing: list[str]
    runs: list[Report] = []
    measures: list[Measure] = []
    stuck: list[str] = []

    @property
    def exit_code(self) -> int:
        if self.stuck:
            return 2
        right = all(run.is_right for run in self.runs)
        return 0 if right and all(measure.is_kept for measure in self.measures) else 1


Job = Callable[[Outcome, Tell], Report]


def main() -> None:
    """Run what was asked for and print it."""
    wishes = _parser().parse_args()
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
    ) as progress:
        bar = progress.add_task("starting Kafka and Postgres", total=wishes.seeds + 2)

        def tell(part: str) -> Tell:
            return lambda text: progress.update(bar, description=f"{part}: {text}")

        with Arena() as arena:
            outcome = Outcome(" ".join(sys.argv[1:]), faults_possible(arena)[1])
            for name, job in _jobs(arena, wishes):
                try:
                    report = job(outcome, tell(name))
                except (StuckError, psycopg2.OperationalError) as error:
                    outcome.stuck.append(f"{name}: {error}\n{arena.last_words()}")
                    console.print(f"{name}: STUCK, {error}", markup=False)
                else:
                    outcome.runs.append(report)
                    console.print(_line(report))
                progress.advance(bar)
    _print(outcome, as_json=wishes.json)
    sys.exit(outcome.exit_code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="in all, at least")
    parser.add_argument("--faults", type=int, default=220, help="in all")
    parser.add_argument("--seeds", type=int, default=10, help="runs, each with a seed of its own")
    parser.add_argument("--first-seed", type=int, default=1, help="the others follow it")
    parser.add_argument(
        "--cuts", type=int, default=200, help="around COMMIT, in a run of their own"
    )
    parser.add_argument(
        "--outage", type=float, default=OUTAGE_SECONDS, help="seconds; 0 measures no recovery"
    )
    parser.add_argument("--kinds", nargs="*", default=[], help=f"of: {', '.join(FAULTS)}")
    parser.add_argument("--json", action="store_true", help="report as JSON")
    return parser


def _jobs(arena: Arena, wishes: argparse.Namespace) -> Iterator[tuple[str, Job]]:
    """The storms, then the cuts, then the recovery; one that gets stuck does not end the others."""
    possible = [
        fault
        for fault in faults_possible(arena)[0]
        if not wishes.kinds or fault.kind in wishes.kinds
    ]
    messages, count = _share(wishes.messages, wishes.seeds), _share(wishes.faults, wishes.seeds)
    for seed in range(wishes.first_seed, wishes.first_seed + wishes.seeds):
        yield f"seed {seed}", _storm(arena, seed, messages, possible, count)
    if wishes.cuts:
        kinds, count = [FAULTS[kind] for kind in CUT_KINDS], _share(wishes.cuts, CUTS_AT_ONCE)
        yield "cuts", _storm(arena, wishes.first_seed + wishes.seeds, 0, kinds, count)
    if wishes.outage:
        yield "recovery", _recovery(arena, wishes.outage)


def _storm(arena: Arena, seed: int, messages: int, faults: Sequence[Fault], count: int) -> Job:
    return lambda _, tell: storm(
        arena, seed=seed, messages=messages, faults=faults, count=count, tell=tell
    )


def _recovery(arena: Arena, outage_seconds: float) -> Job:
    def job(outcome: Outcome, tell: Tell) -> Report:
        return recover(arena, outcome.measures, outage_seconds=outage_seconds, tell=tell)

    return job


def _share(whole: int, parts: int) -> int:
    """Rounded up."""
    return -(-whole // max(parts, 1))


def _line(report: Report) -> str:
    count = report.account
    return (
        f"seed {report.seed}: {count.messages:,} messages, {sum(report.faults.values())} faults, "
        f"{'all right' if report.is_right else 'NOT RIGHT'}, {report.seconds:.0f} s"
    )


def _print(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
        return
    console = Console(width=WIDTH)
    console.print(run_table(outcome.runs), fault_table(outcome.runs))
    if outcome.measures:
        console.print(measure_table(outcome.measures))
    for text in outcome.missing:
        console.print(f"not possible on this machine: {text}")
    for run in outcome.runs:
        for text in [*run.account.examples, *run.crashes, *run.refused]:
            console.print(f"seed {run.seed}: {text}", markup=False)
    for text in outcome.stuck:
        console.print(f"stuck: {text}", markup=False)


if __name__ == "__main__":
    main()
