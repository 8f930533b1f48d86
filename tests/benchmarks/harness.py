"""What a unit of work costs, next to reference work in the same run.

Machines differ and are noisy, so the figures to compare are the ratios: work and reference take
turns, and medians count. Every benchmark of this folder hands back one `Found`.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import msgspec

Job = Callable[[], int]
"""Does some work and says how many units it did."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for; a benchmark has its own sensible size for whatever is None."""

    rounds: int = 5
    orders: int | None = None
    customers: int | None = None
    rate: float | None = None
    seconds: float | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over the rounds: ratios to what their names say, and figures with their units."""

    rounds: int
    ratios: Mapping[str, float]
    figures: Mapping[str, float]


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """`about` is one line for people; what `is_long` runs only when it is named."""

    name: str
    about: str
    run: Callable[[Wishes], Found]
    is_long: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """Work in this process ready to be timed; `reference` says in words what `yardstick` does."""

    work: Job
    yardstick: Job
    reference: str


def in_process(name: str, unit: str, prepare: Callable[[], Prepared]) -> Bench:
    """A benchmark in processor time of this process; its ratio says how cheap the unit is.

    It is how many units of work fit into the time of one unit of the reference. One unmeasured
    round warms up.
    """

    def run(wishes: Wishes) -> Found:
        prepared = prepare()
        for job in (prepared.work, prepared.yardstick):
            job()
        costs = [(_cost(prepared.work), _cost(prepared.yardstick)) for _ in range(wishes.rounds)]
        cost = median(work for work, _ in costs)
        return Found(
            rounds=wishes.rounds,
            ratios={prepared.reference: median(yardstick / work for work, yardstick in costs)},
            figures={f"µs CPU {unit}": cost * 1e6, f"{unit}s a CPU second": 1 / cost},
        )

    return Bench(name=name, about=f"one {unit}", run=run)


def medians(rounds: Sequence[Found]) -> Found:
    """Of each figure and each ratio by itself."""
    return Found(
        rounds=len(rounds),
        ratios={name: median(r.ratios[name] for r in rounds) for name in rounds[0].ratios},
        figures={name: median(r.figures[name] for r in rounds) for name in rounds[0].figures},
    )


def _cost(job: Job) -> float:
    """Seconds of processor time a unit."""
    since = time.process_time()
    units = job()
    return (time.process_time() - since) / units
