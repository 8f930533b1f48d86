"""A scorer that learns labels too, each as soon as both the label and its order have landed."""

from collections import defaultdict

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.scorer import RuleScorer


class LearningScorer:
    """Deterministic in the order of its calls, which is the order of ingestion.

    A label can overtake its order, because they come on two topics; it then waits for it. The
    simulation's own truth is for judging decisions and is never learned.
    """

    def __init__(self, scorer: RuleScorer) -> None:
        self.scorer = scorer
        self._waiting: defaultdict[str, list[LabelEvent]] = defaultdict(list)

    def decide(self, order: OrderEvent) -> Decision:
        """The decision on an order, which is then part of the state."""
        decision = self.scorer.score(order)
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

    def _learn_waiting(self, order: OrderEvent) -> None:
        if self._waiting:
            for label in self._waiting.pop(order.transaction_id, ()):
                self.scorer.absorb_label(label, order)


def is_learned(label: LabelEvent) -> bool:
    """Whether a scorer may know it."""
    return label.source != "injected"
