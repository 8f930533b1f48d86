"""A scorer that learns labels too, each as soon as both the label and its order have landed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from fraud_core.errors import RuleError
from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.forms import microseconds
from fraud_stream.scoring.columns import NOTHING, Taken
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.features.catalogue import RETENTION
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.snapshot import FORMAT, FrozenState

SNAPSHOT_FORMAT = 100 * FORMAT + 5
"""Of what `Frozen.chunks` writes: the scorer's own format, and that of what surrounds it, which is
the labels that wait, since the second one that only all parts together are the whole, and since the
third that no label in it repeats another. Since the fourth IP addresses are keys however they are
written, what is no address is none, mailboxes end without a dot and refunds have no sign; since the
fifth the letters with marks in a mailbox have one form."""

Verdict = tuple[str, str]
"""An order's transaction_id, and what a label calls it."""


_REACH = max(RETENTION.values())
"""Microseconds; no window holds a label of longer ago than this before the newest order."""


class Frozen(msgspec.Struct, frozen=True):
    """What was taken in since some moment, and the labels that wait at another."""

    waiting: list[LabelEvent]
    state: FrozenState

    def chunks(self) -> Iterator[bytes]:
        """In small pieces, so that encoding none of them keeps other threads waiting."""
        yield msgspec.msgpack.encode(self.waiting)
        yield from self.state.chunks()


class LearningScorer:
    """Deterministic in the order of its calls, which is the order of ingestion.

    A label can overtake its order, because they come on two topics; it then waits for it. The
    simulation's own truth is for judging decisions and is never learned. Whoever calls leaves out
    labels whose verdict an earlier one has given: a dispute of what a review has found, or the same
    message again, makes no second fraud.
    """

    def __init__(self, scorer: RuleScorer) -> None:
        self.scorer = scorer
        self._waiting: defaultdict[str, list[LabelEvent]] = defaultdict(list)

    def decide(self, order: OrderEvent) -> Decision:
        """The decision on an order, which is then part of the state."""
        decision = self.scorer.score(order)
        if self._waiting:
            self._learn_waiting(order)
        return decision

    def absorb(self, order: OrderEvent) -> None:
        """Take a landed order into the state without deciding."""
        self.scorer.absorb(order)
        self._learn_waiting(order)

    def learn(self, label: LabelEvent, order: OrderEvent | None) -> None:
        """Take in a label; `order` is the one it is about, None when that has not landed yet."""
        if not is_learned(label):
            return
        if order is None:
            self._waiting[label.transaction_id].append(label)
        else:
            self.scorer.absorb_label(label, order)

    def waits_for(self) -> list[str]:
        """Orders that labels wait for, by id."""
        return list(self._waiting)

    def meet(self, orders: Iterable[OrderEvent]) -> None:
        """Learn the labels that wait for these: they have landed and will not be absorbed."""
        for order in orders:
            self._learn_waiting(order)

    def taken(self) -> Taken:
        """How much the state has ever taken in: where a later `freeze` may begin."""
        return self.scorer.taken()

    def freeze(self, since: Taken = NOTHING) -> Frozen:
        """What was taken in since then, and all labels that wait; takes some milliseconds.

        Labels that no window could hold any more, whatever order may land, are dropped here.
        """
        state = self.scorer.freeze(since)
        self._drop_those_before(state.records.newest - _REACH)
        waiting = [label for labels in self._waiting.values() for label in labels]
        return Frozen(waiting, state)

    def restore(self, parts: Iterable[Iterable[bytes]]) -> list[Taken]:
        """Replace the state by frozen ones that go on from one another, asking for one by one.

        The answer is how much had been taken in with each. Raises RuleError for anything else.
        """
        waiting: list[LabelEvent] = []

        def states() -> Iterator[Iterator[bytes]]:
            for part in parts:
                pieces = iter(part)
                try:
                    waiting[:] = msgspec.msgpack.decode(next(pieces, b""), type=list[LabelEvent])
                except msgspec.MsgspecError as error:
                    raise RuleError(f"the snapshot does not begin as one: {error}") from error
                yield pieces

        taken = self.scorer.restore(states())
        self._waiting.clear()
        for label in waiting:
            self._waiting[label.transaction_id].append(label)
        return taken

    def _drop_those_before(self, floor: int) -> None:
        """Of the labels that wait: their orders were dead letters, or were never sent."""
        for name, labels in list(self._waiting.items()):
            kept = [label for label in labels if microseconds(label.labelled_at) >= floor]
            if not kept:
                del self._waiting[name]
            elif len(kept) < len(labels):
                self._waiting[name] = kept

    def _learn_waiting(self, order: OrderEvent) -> None:
        for label in self._waiting.pop(order.transaction_id, ()):
            self.scorer.absorb_label(label, order)


def verdict(label: LabelEvent) -> Verdict:
    """What it says, whoever says it."""
    return label.transaction_id, label.label


def is_learned(label: LabelEvent) -> bool:
    """Whether a scorer may know it."""
    return label.source != "injected"
