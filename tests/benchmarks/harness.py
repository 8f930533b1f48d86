"""What a unit of work costs, next to reference work in the same run.

Machines differ and are noisy, so the figure to compare is the ratio: how often the work fits into
the time of its reference. Work and reference take turns, and medians count.
"""

import time
from collections.abc import Callable
from statistics import median

import msgspec

Job = Callable[[], int]
"""Does some work and says how many units it did."""


class Prepared(msgspec.Struct, frozen=True):
    """A benchmark ready to run; `reference` says in words what `yardstick` does."""

    work: Job
    yardstick: Job
    reference: str


class Bench(msgspec.Struct, frozen=True):
    """`unit` is what is counted; `prepare` may take its time."""

    name: str
    unit: str
    prepare: Callable[[], Prepared]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over the rounds; times are processor time of this process.

    `ratio` is how many units of work fit into the time of one unit of the reference.
    """

    name: str
    unit: str
    rounds: int
    per_second: float
    microseconds: float
    reference: str
    reference_microseconds: float
    ratio: float


def measure(bench: Bench, rounds: int) -> Result:
    """Run the benchmark; one unmeasured round warms up."""
    prepared = bench.prepare()
    for job in (prepared.work, prepared.yardstick):
        job()
    costs = [(_cost(prepared.work), _cost(prepared.yardstick)) for _ in range(rounds)]
    cost = median(work for work, _ in costs)
    return Result(
        name=bench.name,
        unit=bench.unit,
        rounds=rounds,
        per_second=1 / cost,
        microseconds=cost * 1e6,
        reference=prepared.reference,
        reference_microseconds=median(yardstick for _, yardstick in costs) * 1e6,
        ratio=median(yardstick / work for work, yardstick in costs),
    )


def _cost(job: Job) -> float:
    """Seconds of processor time a unit."""
    since = time.process_time()
    units = job()
    return (time.process_time() - since) / units
