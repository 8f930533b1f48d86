"""From what was asked for to a stream: the simulated marketplace with all its options."""

import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from fraud_stream.producer.batch import Batch
from fraud_stream.producer.disorder import Disorder
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
from fraud_stream.producer.timing import Timing, plan_timing


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What `fraud produce` can be asked for; None is what it chooses itself.

    `duplicates` and `malformed` are chances an order, `shuffle` seconds of event time.
    """

    orders: int | None = None
    duration: float | None = None
    rate: float | None = None
    speed: float | None = None
    seed: int | None = None
    start: datetime | None = None
    attacks: str = "all"
    duplicates: float = 0.0
    malformed: float = 0.0
    shuffle: float = 0.0


class Simulation(msgspec.Struct, frozen=True):
    """A stream ready to be sent, and what was chosen for it."""

    stream: Stream
    batches: Iterable[Batch]
    timing: Timing
    seed: int
    trouble: Disorder | None = None

    def labels_to_come(self) -> Iterator[bytes]:
        """Transaction ids of labels about orders so far that become known only later."""
        trouble, pending = self.trouble, self.stream.labels_to_come()
        return (order for order in pending if not (trouble and trouble.holds(order)))


def simulate(wishes: Wishes, *, now: datetime) -> Simulation:
    """Build the world and the stream. Raises UnknownScenarioError.

    With a seed, the wishes alone decide every byte.
    """
    rates = scenario_rates(wishes.attacks)
    timing = plan_timing(
        orders=wishes.orders,
        duration=wishes.duration,
        rate=wishes.rate,
        speed=wishes.speed,
        start=wishes.start,
        seed=wishes.seed,
        now=now,
    )
    seed = secrets.randbits(32) if wishes.seed is None else wishes.seed
    stream = Stream(
        seed=seed, orders=timing.orders, start=timing.start, rates=rates, rate=timing.density
    )
    trouble = disorder(wishes, seed)
    batches = trouble.apply(stream.batches()) if trouble else stream.batches()
    return Simulation(stream=stream, batches=batches, timing=timing, seed=seed, trouble=trouble)


def disorder(wishes: Wishes, seed: int) -> Disorder | None:
    """The trouble that was asked for, if any."""
    if not (wishes.duplicates or wishes.malformed or wishes.shuffle):
        return None
    return Disorder(
        seed,
        duplicates=wishes.duplicates,
        broken=wishes.malformed,
        shuffle=int(wishes.shuffle * 1000),
    )
