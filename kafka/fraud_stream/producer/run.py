"""Produce a stream: a source of batches on one side, a sink on the other, a report at the end."""

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType

import msgspec

from fraud_core.settings import Settings
from fraud_stream.producer.batch import Batch
from fraud_stream.producer.disorder import Disorder
from fraud_stream.producer.mapping.replay import Replay
from fraud_stream.producer.simulation import Wishes, simulate
from fraud_stream.producer.sinks import KafkaSink, Sink
from fraud_stream.producer.timing import Pace

Progress = Callable[[int], None]
"""Told how many more messages were sent."""


class ProduceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did; `produced == acknowledged + failed`, and so for labels.

    `produced` counts all messages on the topic of orders: orders, orders sent again, and broken
    ones. `unmapped` are rows of a file that became no order. `labels_to_come` become known only
    after the stream's end and were not sent.
    """

    produced: int
    acknowledged: int
    failed: int
    errors: dict[str, int]
    orders: int
    duplicates: int
    malformed: int
    labels: int
    labels_failed: int
    labels_to_come: int
    seconds: float
    first_event_at: datetime | None
    last_event_at: datetime | None
    unmapped: int = 0
    seed: int | None = None
    interrupted: bool = False


class _Tally:
    """What the batches say of themselves."""

    def __init__(self) -> None:
        self.duplicates = 0
        self.malformed = 0
        self.times: list[int] = []

    def add(self, batch: Batch) -> None:
        self.duplicates += batch.duplicates
        self.malformed += batch.malformed
        if batch.at:
            times = (*self.times, min(batch.at), max(batch.at))
            self.times = [min(times), max(times)]


def produce(
    batches: Iterable[Batch],
    sink: Sink,
    *,
    pace: Pace | None = None,
    seed: int | None = None,
    labels_to_come: Callable[[], int] = lambda: 0,
    progress: Progress = lambda _: None,
) -> ProduceSummary:
    """Send everything at its pace; Ctrl-C ends it early, delivered and reported."""
    tally, since = _Tally(), time.monotonic()
    pace = pace or Pace()
    with _until_interrupted() as interrupted, sink:
        for batch in batches:
            tally.add(batch)
            for at in range(0, len(batch.orders), pace.slice):
                part = batch.orders[at : at + pace.slice]
                sink.send(part, [])
                progress(len(part))
                pace.wait(len(part), batch.at[at + len(part) - 1])
                if interrupted():
                    break
            sink.send([], batch.labels)
            if interrupted():
                break
    return ProduceSummary(
        produced=sink.orders.sent,
        acknowledged=sink.orders.acknowledged,
        failed=sink.orders.failed,
        errors=dict(sink.orders.errors + sink.labels.errors),
        orders=sink.orders.sent - tally.duplicates - tally.malformed,
        duplicates=tally.duplicates,
        malformed=tally.malformed,
        labels=sink.labels.sent,
        labels_failed=sink.labels.failed,
        labels_to_come=labels_to_come(),
        seconds=round(time.monotonic() - since, 3),
        first_event_at=_instant(tally.times[:1]),
        last_event_at=_instant(tally.times[1:]),
        seed=seed,
        interrupted=interrupted(),
    )


def produce_orders(
    settings: Settings, *, orders: int, seed: int | None = None, progress: Progress = lambda _: None
) -> ProduceSummary:
    """Publish simulated orders of about the last month with all attacks, and their labels.

    Without a seed each run is a new one.
    """
    wishes = Wishes(orders=orders, seed=seed)
    return produce_simulation(wishes, KafkaSink(settings), progress=progress)


def produce_simulation(
    wishes: Wishes, sink: Sink, *, progress: Progress = lambda _: None
) -> ProduceSummary:
    """Send a simulated marketplace's stream. Raises UnknownScenarioError."""
    simulation = simulate(wishes, now=datetime.now(UTC))
    return produce(
        simulation.batches,
        sink,
        pace=Pace(simulation.timing.rate),
        seed=simulation.seed,
        labels_to_come=lambda: simulation.stream.labels_to_come,
        progress=progress,
    )


def produce_file(
    replay: Replay, disorder: Disorder | None, sink: Sink, *, pace: Pace, progress: Progress
) -> ProduceSummary:
    """Send the orders of a file, then its labels. Raises MappingError."""
    batches = disorder.apply(replay.batches()) if disorder else replay.batches()
    summary = produce(batches, sink, pace=pace, progress=progress)
    return msgspec.structs.replace(summary, unmapped=replay.unmapped.count)


def _instant(milliseconds: list[int]) -> datetime | None:
    return datetime.fromtimestamp(milliseconds[0] / 1000, UTC) if milliseconds else None


@contextmanager
def _until_interrupted() -> Generator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; the second time it interrupts as usual.

    Between two slices, so that no message is half counted. Outside of the main thread nobody can
    press it.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def press(_number: int, _frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
