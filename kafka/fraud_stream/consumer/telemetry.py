"""What a consumer tells of itself: the one object that the loop reports to, once a batch."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

import structlog

from fraud_core.metrics import StreamMetrics
from fraud_stream.consumer.batch import Batch, Positions, Record, coordinates, received_ms
from fraud_stream.consumer.triage import Triage
from fraud_stream.delivery.dead_letters import QUARANTINED
from fraud_stream.delivery.outgoing import place
from fraud_stream.scoring.rules.book import RuleBook

Phase = Literal["starting", "restoring", "standing by", "taking over", "active"]

SAMPLES = 16
"""Messages of a batch whose latency is taken; taking all would cost as much as decoding them."""


class Telemetry:
    """Written by the loop's thread and read by the one that answers monitors."""

    def __init__(self) -> None:
        self.metrics = StreamMetrics()
        self.phase: Phase = "starting"
        self.positions: Positions | None = None
        self.newest_received_ms: int | None = None
        self.alive_at = time.monotonic()
        self._book: RuleBook | None = None
        self._log = structlog.get_logger()

    def alive(self) -> None:
        """The loop goes round, or waits for something and knows it."""
        self.alive_at = time.monotonic()

    def silent_for(self) -> float:
        """Seconds since the loop last showed that it lives."""
        return time.monotonic() - self.alive_at

    def restoring(self) -> None:
        """What has landed is being read back; nobody could take over with that."""
        self._without_lease("restoring")

    def standing_by(self) -> None:
        """Another scorer holds the lease, or nobody does; all is read that it takes to score."""
        self._without_lease("standing by")

    def _without_lease(self, phase: Phase) -> None:
        self.phase = phase
        self.positions = None
        self.metrics.lease_held.set(0)
        self.rules(None, refused=False)

    def taking_over(self, epoch: int) -> None:
        """The lease is ours and state is being rebuilt."""
        self.phase = "taking over"
        self.metrics.lease_held.set(1)
        self.metrics.lease_epoch.set(epoch)

    def scoring(self, positions: Positions, entities: int) -> None:
        """State is that of what has landed, up to these positions."""
        self.phase = "active"
        self.positions = positions
        self.metrics.state.set(entities)

    def rules(self, book: RuleBook | None, *, refused: bool) -> None:
        """What decides, and whether newer files are refused; only who scores looks at them."""
        self.metrics.rules_refused.set(refused)
        if book is self._book:
            return
        self._book = book
        self.metrics.rules.clear()
        if book is not None:
            self.metrics.rules.labels(book.version, book.lists.version).set(1)

    def landed(
        self,
        batch: Batch,
        sorted_out: Triage,
        outcomes: Iterable[str],
        commit_seconds: float,
        *,
        committed_at: float,
    ) -> None:
        """The batch is committed, since `committed_at` in seconds since 1970."""
        metrics = self.metrics
        for outcome, count in Counter(outcomes).items():
            metrics.orders.labels(outcome).inc(count)
        dead = reasons(batch, sorted_out)
        for reason, count in dead.items():
            metrics.dead_letters.labels(reason).inc(count)
        if dead:
            self._log.warning("dead letters", reasons=dead, first=_first_dead(batch, sorted_out))
        metrics.labels.inc(len(sorted_out.labels))
        metrics.duplicates.inc(len(sorted_out.duplicates))
        metrics.consumed.inc(len(batch.records) + len(batch.quarantined))
        metrics.batch_size.observe(len(batch.records))
        metrics.commit.observe(commit_seconds)
        self._time(batch.records, committed_at)

    def published(self, channel: str, count: int) -> None:
        """The broker has acknowledged so many more messages of a channel."""
        self.metrics.published.labels(channel).inc(count)

    def _time(self, records: Sequence[Record], committed_at: float) -> None:
        now = committed_at * 1000
        stamped = [at for at in map(received_ms, spread(records, SAMPLES)) if at is not None]
        for at in stamped:
            self.metrics.end_to_end.observe(max(0.0, now - at) / 1000)
        self.newest_received_ms = max(stamped, default=self.newest_received_ms)


def reasons(batch: Batch, sorted_out: Triage) -> Counter[str]:
    """How many dead letters there are for each reason."""
    found = Counter(rejection.reason for _, rejection in sorted_out.dead)
    if batch.quarantined:
        found[QUARANTINED] = len(batch.quarantined)
    return found


def _first_dead(batch: Batch, sorted_out: Triage) -> str:
    """Where to look: topic/partition/offset."""
    if sorted_out.dead:
        (topic, partition), offset = coordinates(sorted_out.dead[0][0])
    else:
        (topic, partition), offset = batch.quarantined[0]
    return place(topic, partition, offset)


def spread(records: Sequence[Record], most: int) -> Sequence[Record]:
    """At most so many of them, evenly apart, the last one always among them."""
    step = -(-len(records) // most) or 1
    return records[::-step]
