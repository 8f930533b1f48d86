"""What a unit of work costs, next to reference work in the same run.

Machines differ and are noisy, so the figures to compare are the ratios: work and reference take
turns, and medians count. Every benchmark of this folder hands back one `Found`.
"""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import msgspec

START = 1_704_067_200_000
"""2024-01-01 in milliseconds, where simulated orders begin."""

Job = Callable[[], int]
"""Does some work and says how many units it did."""


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for; 0 is whatever the benchmark finds sensible."""

    rounds: int = 5
    orders: int = 0
    customers: int = 0
    rate: float = 0
    seconds: float = 0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over the rounds: ratios to what their names say, and figures with their units."""

    rounds: int
    ratios: Mapping[str, float]
    figures: Mapping[str, float]


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """`about` is one line for people; what `is_long` runs only when it is named.

    `sizes` are the wishes that it heeds besides the rounds, each with its own size for when nobody
    asks; 0 there is one that it finds out as it runs. With less than `least` of a size it would
    find nothing. What `is_one_run` heeds no rounds either: it shows how something goes on, and
    medians of several beginnings would not.
    """

    name: str
    about: str
    run: Callable[[Wishes], Found]
    sizes: Mapping[str, float] = {}
    least: Mapping[str, float] = {}
    is_long: bool = False
    is_one_run: bool = False

    def sized(self, asked: Wishes) -> Wishes:
        """What it is to run with."""
        return msgspec.structs.replace(asked, **self.sizes_for(asked))

    def sizes_for(self, asked: Wishes) -> dict[str, float]:
        """Those it heeds, as asked for or else its own."""
        return {name: getattr(asked, name) or size for name, size in self.sizes.items()}

    def refusal(self, asked: Wishes) -> str:
        """What is wrong with the sizes; empty when it can run with them."""
        sized = self.sized(asked)
        return ", ".join(
            f"{self.name} needs --{size} {least:,.10g} or more, not {given:,.10g}"
            for size, least in self.least.items()
            if (given := getattr(sized, size)) < least
        )


class Prepared(msgspec.Struct, frozen=True):
    """Work in this process ready to be timed; `reference` says in words what `yardstick` does."""

    work: Job
    yardstick: Job
    reference: str


def in_process(name: str, unit: str, prepare: Callable[[int], Prepared]) -> Bench:
    """A benchmark in processor time of this process; its ratio is to one unit of the reference.

    `prepare` is told how many times the work will be done: one unmeasured round warms up.
    """

    def run(wishes: Wishes) -> Found:
        try:
            prepared = prepare(1 + wishes.rounds)
            for job in (prepared.work, prepared.yardstick):
                job()
            rounds = range(wishes.rounds)
            costs = [(_cost(prepared.work), _cost(prepared.yardstick)) for _ in rounds]
        finally:
            collect_again()
        cost = median(work for work, _ in costs)
        return Found(
            rounds=wishes.rounds,
            ratios={prepared.reference: median(work / yardstick for work, yardstick in costs)},
            figures={f"µs CPU {unit}": cost * 1e6, f"{unit}s a CPU second": 1 / cost},
        )

    return Bench(name=name, about=f"one {unit}", run=run)


def collect_again() -> None:
    """Garbage, all of it, as before a benchmark that froze some or turned collections off."""
    gc.enable()
    gc.unfreeze()


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
