"""Our window features against those of the Fraud Detection Handbook, row by row.

    .venv/bin/python -m tests.evaluation.handbook_parity TRANSACTIONS GOLDEN

TRANSACTIONS is the handbook's simulated table (csv or csv.xz), GOLDEN its transformed table with
the window features (csv; a parquet file converts with `pyarrow.csv.write_csv`). A terminal is a
shop; a transaction's label is released seven days after it. The handbook's windows include the
transaction itself and are (t - w, t], ours are [t - w, t) without it: the order is added back, and
rows differ only where another transaction of the same entity has exactly the second of an edge.
With `--break-ties` each transaction is moved by a microsecond for each one before it, so that no
two are at one time and the two kinds of window hold the same.
"""

import argparse
import csv
import json
import lzma
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import isclose
from pathlib import Path

import msgspec

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.scoring.decision import Value, values_of
from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.scorer import RuleScorer

DAYS = {"24h": 1, "7d": 7, "30d": 30}
DELAY = timedelta(days=7)
WARM_UP = timedelta(days=38)
"""Enough for thirty days of labels that are a week late."""

FEATURES = [
    f"{stem}_{window}"
    for window in DAYS
    for stem in ("customer_purchases", "customer_amount_sum", "shop_labels", "shop_frauds")
]
RULES = """
version: handbook
thresholds: {review: 0.4, decline: 0.8}
actions: {}
money: {reference: USD, rates: {USD: 1}}
parameters: {much: {amount: 1000000, note: never}}
rules:
"""
RULE = """
  - {id: amount.r%d, factor: amount, state: %s, weight: 0.6, owner: evaluation, since: 2026-01-01,
     sentence: named to be computed, when: "%s"}
"""


def scorer() -> RuleScorer:
    """A scorer whose rules ask for the features compared."""
    rules = [RULE % (i, "active", "amount > much") for i in range(2)]
    rules += [
        RULE % (i, "shadow", f"{n} == {n} and amount != 0") for i, n in enumerate(FEATURES, 2)
    ]
    return RuleScorer(read_rule_book(RULES + "".join(rules)))


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a csv, compressed or not."""
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as handle:
        yield from csv.DictReader(handle)


def order(row: dict[str, str]) -> OrderEvent:
    """A transaction as an order; it carries no label."""
    return OrderEvent(
        schema_version=1,
        transaction_id=row["TRANSACTION_ID"],
        customer_id=row["CUSTOMER_ID"],
        merchant_id=row["TERMINAL_ID"],
        event_time=datetime.fromisoformat(row["TX_DATETIME"][:19]).replace(tzinfo=UTC),
        amount=float(row["TX_AMOUNT"]),
        currency="USD",
        payment_method="card",
    )


def compare(golden: dict[str, str], found: dict[str, Value], amount: int) -> Iterator[str]:
    """The columns that differ."""
    for window, days in DAYS.items():
        count = _whole(found[f"customer_purchases_{window}"]) + 1
        total = _whole(found[f"customer_amount_sum_{window}"]) + amount
        if count != float(golden[f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"]):
            yield f"customer count {window}"
        mean = float(golden[f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW"])
        if not isclose(total / count / 100, mean, rel_tol=1e-9, abs_tol=1e-9):
            yield f"customer mean {window}"
        labels = _whole(found[f"shop_labels_{window}"])
        frauds = _whole(found[f"shop_frauds_{window}"])
        if labels != float(golden[f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW"]):
            yield f"terminal count {window}"
        risk = float(golden[f"TERMINAL_ID_RISK_{days}DAY_WINDOW"])
        if not isclose(frauds / labels if labels else 0.0, risk, rel_tol=1e-9, abs_tol=1e-12):
            yield f"terminal risk {window}"


def _whole(value: Value) -> int:
    assert isinstance(value, int)
    return value


def main() -> None:
    """Print rows compared and differing as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transactions", type=Path)
    parser.add_argument("golden", type=Path)
    parser.add_argument("--break-ties", action="store_true")
    arguments = parser.parse_args()
    golden = {row["TRANSACTION_ID"]: row for row in rows(arguments.golden)}
    first = min(row["TX_DATETIME"][:19] for row in golden.values())
    start = datetime.fromisoformat(first).replace(tzinfo=UTC) - WARM_UP
    judge, pending = scorer(), deque[tuple[LabelEvent, OrderEvent]]()
    differing: Counter[str] = Counter()
    compared = differing_rows = moved = 0
    for row in rows(arguments.transactions):
        event = order(row)
        if event.event_time < start:
            continue
        if arguments.break_ties:
            moved += 1
            at = event.event_time + timedelta(microseconds=moved)
            event = msgspec.structs.replace(event, event_time=at)
        while pending and pending[0][0].labelled_at < event.event_time:
            judge.absorb_label(*pending.popleft())
        found = dict(values_of(judge.score(event).features))
        fraud = "fraud" if row["TX_FRAUD"] == "1" else "legitimate"
        released = event.event_time + DELAY
        label = LabelEvent(
            transaction_id=event.transaction_id,
            label=fraud,
            source="chargeback",
            labelled_at=released,
        )
        pending.append((label, event))
        if expected := golden.get(event.transaction_id):
            compared += 1
            wrong = list(compare(expected, found, round(event.amount * 100)))
            differing.update(wrong)
            differing_rows += bool(wrong)
    report = {
        "rows": compared,
        "rows_differing": differing_rows,
        "share_differing": differing_rows / compared if compared else None,
        "by_column": dict(sorted(differing.items())),
    }
    print(json.dumps(report, indent=2))  # noqa: T201 - a command prints


if __name__ == "__main__":
    main()
