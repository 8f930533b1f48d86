"""The long form's results as tables."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from rich.table import Table

from tests.chaos.recovery import Measure
from tests.chaos.run import Report

_COUNTS = ("messages", "landed", "duplicates", "dead", "labels")
_WRONG = ("lost", "doubled", "unaccounted", "disordered", "undecided", "unannounced")


def run_table(runs: Sequence[Report]) -> Table:
    """A line a run, and their sum."""
    table = Table(title="Runs", show_footer=len(runs) > 1)
    columns = ("seed", "faults", "cuts", *_COUNTS, *_WRONG, "crashes", "s")
    rows = [
        [
            run.seed,
            sum(run.faults.values()),
            run.cuts,
            *(getattr(run.account, name) for name in (*_COUNTS, *_WRONG)),
            len(run.crashes),
            round(run.seconds),
        ]
        for run in runs
    ]
    for number, name in enumerate(columns):
        total = "all" if name == "seed" else f"{sum(row[number] for row in rows):,}"
        table.add_column(name, footer=total, justify="right")
    for row in rows:
        table.add_row(*(f"{value:,}" for value in row))
    return table


def fault_table(runs: Sequence[Report]) -> Table:
    """Kinds, how often, and how soon landing went on when it was the only fault at the time."""
    times: Counter[str] = Counter()
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for run in runs:
        times.update(run.faults)
        for kind, values in run.recovery_seconds.items():
            seconds[kind] += values
    table = Table(title="Faults, and seconds from the end of each to the next landing")
    for name in ("fault", "times", "median", "longest"):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for kind, count in sorted(times.items()):
        found = [f"{best(seconds[kind]):.1f}" if seconds[kind] else "" for best in (median, max)]
        table.add_row(kind, str(count), *found)
    return table


def measure_table(measures: Sequence[Measure]) -> Table:
    """What is promised, and what was measured each time."""
    table = Table(title="Recovery under load, in seconds")
    for name in ("what", "at most", "measured"):
        table.add_column(name)
    for measure in measures:
        kept = "" if measure.is_kept else "  TOO LATE"
        seconds = ", ".join(f"{value:.1f}" for value in measure.seconds)
        table.add_row(measure.what, f"{measure.limit:g}", seconds + kept)
    return table
