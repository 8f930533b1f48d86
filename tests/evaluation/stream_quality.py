"""How well a rule set tells fraud from honest orders, on streams of the simulated marketplace.

    .venv/bin/fraud produce --orders 200000 --seed 101 --to-file /tmp/orders.jsonl
    .venv/bin/python -m tests.evaluation.stream_quality /tmp/orders.jsonl [more …]

Orders are scored in the order of the file; each chargeback and manual review is learned when it
becomes known. The injected truth is only used here, to judge: recall for each attack (an order
counts as caught when it is reviewed or declined), the flagged share of each honest look-alike, and
the precision of decline and of review and decline together.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.settings import REPOSITORY
from fraud_stream.consumer.learning import Verdict, verdict
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.scorer import RuleScorer

STARTER = REPOSITORY / "kafka" / "rules" / "starter.yml"


def labels_of(orders: Path) -> list[LabelEvent]:
    """The labels beside a file of orders, by the time they became known."""
    stem = orders.name.removesuffix(".jsonl")
    lines = (orders.parent / f"{stem}.labels.jsonl").read_bytes().splitlines()
    decoder = msgspec.json.Decoder(LabelEvent)
    return sorted((decoder.decode(line) for line in lines), key=lambda label: label.labelled_at)


def decisions(orders: Path, scorer: RuleScorer) -> Iterator[tuple[OrderEvent, Decision]]:
    """Each order with its decision, labels learned as they are released."""
    pending = iter(label for label in labels_of(orders) if label.source != "injected")
    label = next(pending, None)
    landed: dict[str, OrderEvent] = {}
    given: set[Verdict] = set()
    decoder = msgspec.json.Decoder(OrderEvent)
    with orders.open("rb") as lines:
        for line in lines:
            event = decoder.decode(line)
            while label is not None and label.labelled_at < event.event_time:
                if label.transaction_id in landed and verdict(label) not in given:
                    given.add(verdict(label))
                    scorer.absorb_label(label, landed[label.transaction_id])
                label = next(pending, None)
            landed[event.transaction_id] = event
            yield event, scorer.score(event)


def truth(orders: Path) -> dict[str, tuple[bool, str]]:
    """(is fraud, what it is) of each order that the simulation marked."""
    return {
        label.transaction_id: (label.label == "fraud", label.reason or "")
        for label in labels_of(orders)
        if label.source == "injected"
    }


def judge(orders: Path, rules: Path) -> dict[str, object]:
    """All figures for one stream."""
    known = truth(orders)
    outcomes: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    for event, decision in decisions(orders, RuleScorer(read_rule_book(rules.read_text()))):
        outcomes[known.get(event.transaction_id, (False, "ordinary"))][decision.outcome] += 1
    caught = {name: _flagged(c) for (fraud, name), c in sorted(outcomes.items()) if fraud}
    hurt = {name: _flagged(c) for (fraud, name), c in sorted(outcomes.items()) if not fraud}
    return {
        "recall": caught,
        "flagged_honest": hurt,
        "precision_decline": _precision(outcomes, ("decline",)),
        "precision_flagged": _precision(outcomes, ("review", "decline")),
        "orders": sum(c.total() for c in outcomes.values()),
        "fraud": sum(c.total() for (fraud, _), c in outcomes.items() if fraud),
    }


def _flagged(counts: Counter[str]) -> float:
    return round(1 - counts["approve"] / counts.total(), 4)


def _precision(outcomes: dict[tuple[bool, str], Counter[str]], of: tuple[str, ...]) -> float | None:
    right = sum(c[o] for (fraud, _), c in outcomes.items() if fraud for o in of)
    every = sum(c[o] for c in outcomes.values() for o in of)
    return round(right / every, 4) if every else None


def main() -> None:
    """Print a line of JSON for each stream."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("orders", type=Path, nargs="+")
    parser.add_argument("--rules", type=Path, default=STARTER)
    arguments = parser.parse_args()
    for orders in arguments.orders:
        print(json.dumps({"stream": orders.name, **judge(orders, arguments.rules)}))  # noqa: T201 - a command prints


if __name__ == "__main__":
    main()
