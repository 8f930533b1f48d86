"""Produce a stream: a source of batches on one side, a sink on the other, a report at the end."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain

import msgspec

from fraud_core.settings import Settings
from fraud_stream.producer.batch import Batch, Kind
from fraud_stream.producer.cut import Cut
from fraud_stream.producer.disorder import Disorder
from fraud_stream.producer.interruption import until_interrupted
from fraud_stream.producer.mapping.replay import Replay
from fraud_stream.producer.simulation import Wishes, simulate
from fraud_stream.producer.sinks import KafkaSink, Sink
from fraud_stream.producer.timing import Pace, require_acceptable

Progress = Callable[[int, int], None]
"""Told how many messages of the topic of orders were sent so far, and how many acknowledged."""


class ProduceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did; `produced == acknowledged + failed`, and so for labels.

    `produced` counts all messages on the topic of orders: orders, orders sent again, and broken
    ones. `unmapped` are rows of a file that became no order. `labels_to_come` are about what was
    sent, become known only after the last event sent, and were not sent.
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
    """Of what kinds the messages sent were, and of what times."""

    def __init__(self) -> None:
        self.kinds: Counter[Kind] = Counter()
        self.first: int | None = None
        self.last: int | None = None

    def add(self, at: list[int], kinds: list[Kind]) -> None:
        self.kinds.update(kinds)
        self.first = min(at if self.first is None else (self.first, *at))
        self.last = max(at if self.last is None else (self.last, *at))


def produce(
    batches: Iterable[Batch],
    sink: Sink,
    *,
    pace: Pace | None = None,
    seed: int | None = None,
    labels_to_come: Callable[[], Iterable[bytes]] = tuple,
    progress: Progress = lambda _sent, _acknowledged: None,
) -> ProduceSummary:
    """Send everything at its pace, each batch's labels after its orders.

    Ctrl-C, or the end of the pace's duration, ends it early: then labels go out only about what
    was sent, as far as they were known by the last event sent. `labels_to_come` names the order of
    each label that the batches so far did not bring.
    """
    tally, since, cut = _Tally(), time.monotonic(), None
    pace = pace or Pace()
    with until_interrupted() as interrupted, sink:
        pace.begin()

        def is_over() -> bool:
            return interrupted() or pace.is_over()

        for batch in batches:
            sent = _send(batch, sink, pace, tally=tally, progress=progress, is_over=is_over)
            if sent < len(batch.orders) or is_over():
                cut = Cut(batch, sent, tally.last)
                sink.send([], cut.labels)
                break
            sink.send([], batch.labels)
    progress(sink.orders.sent, sink.orders.acknowledged)
    to_come = labels_to_come()
    return ProduceSummary(
        produced=sink.orders.sent,
        acknowledged=sink.orders.acknowledged,
        failed=sink.orders.failed,
        errors=dict(sink.orders.errors + sink.labels.errors),
        orders=tally.kinds["order"],
        duplicates=tally.kinds["duplicate"],
        malformed=tally.kinds["malformed"],
        labels=sink.labels.sent,
        labels_failed=sink.labels.failed,
        labels_to_come=cut.labels_to_come(to_come) if cut else len(list(to_come)),
        seconds=round(time.monotonic() - since, 3),
        first_event_at=_instant(tally.first),
        last_event_at=_instant(tally.last),
        seed=seed,
        interrupted=interrupted(),
    )


def _send(
    batch: Batch,
    sink: Sink,
    pace: Pace,
    *,
    tally: _Tally,
    progress: Progress,
    is_over: Callable[[], bool],
) -> int:
    """Send a batch's orders slice by slice until the run is over; how many were sent."""
    kinds = batch.kinds or ["order"] * len(batch.orders)
    for start in range(0, len(batch.orders), pace.slice):
        end = min(start + pace.slice, len(batch.orders))
        sink.send(batch.orders[start:end], [])
        tally.add(batch.at[start:end], kinds[start:end])
        progress(sink.orders.sent, sink.orders.acknowledged)
        pace.wait(end - start, batch.at[end - 1], is_over)
        if is_over():
            return end
    return len(batch.orders)


def produce_orders(
    settings: Settings,
    *,
    orders: int,
    seed: int | None = None,
    progress: Progress = lambda _sent, _acknowledged: None,
) -> ProduceSummary:
    """Publish simulated orders of about the last month with all attacks, and their labels.

    Without a seed each run is a new one.
    """
    wishes = Wishes(orders=orders, seed=seed)
    return produce_simulation(wishes, KafkaSink(settings), progress=progress)


def produce_simulation(
    wishes: Wishes,
    sink: Sink,
    *,
    progress: Progress = lambda _sent, _acknowledged: None,
    clock: Callable[[], float] = time.monotonic,
) -> ProduceSummary:
    """Send a simulated marketplace's stream. Raises UnknownScenarioError and SettingsError.

    A duration is the clock's where the stream is live. A file gets all orders of that time, so
    that the same seed makes the same file on a slow machine.
    """
    now = datetime.now(UTC)
    simulation = simulate(wishes, now=now)
    if sink.oldest is not None:
        require_acceptable(simulation.timing, oldest=sink.oldest, now=now)
    duration = wishes.duration if sink.is_live else None
    return produce(
        simulation.batches,
        sink,
        pace=Pace(simulation.timing.rate, clock=clock, duration=duration),
        seed=simulation.seed,
        labels_to_come=simulation.labels_to_come,
        progress=progress,
    )


def produce_file(
    replay: Replay, disorder: Disorder | None, sink: Sink, *, pace: Pace, progress: Progress
) -> ProduceSummary:
    """Send the orders of a file, then its labels. Raises MappingError."""
    found = replay.batches()
    # What is wrong with the file shows with the first of them: before a sink empties another one.
    found = chain([next(found)], found)
    batches = disorder.apply(found) if disorder else found

    def labels_to_come() -> Iterable[bytes]:
        pending = replay.labels_to_come()
        return (order for order in pending if not (disorder and disorder.holds(order)))

    summary = produce(batches, sink, pace=pace, labels_to_come=labels_to_come, progress=progress)
    return msgspec.structs.replace(summary, unmapped=replay.unmapped.count)


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
