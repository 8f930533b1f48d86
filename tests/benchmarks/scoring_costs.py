"""What each starter rule costs, and what the state of 100,000 active customers weighs.

    .venv/bin/python -m tests.benchmarks.scoring_costs rules
    .venv/bin/python -m tests.benchmarks.scoring_costs memory [--customers 100000] [--orders 10]

A rule's cost is that of a rule set with it alone, less that of one with none: rules that share
features cost less together. Memory is what the process grows by while so many customers place so
many orders each within thirty days, each with a device, a card, an address and an e-mail address
of their own, and a new IP address every third order.
"""

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from fraud_core.events import OrderEvent
from fraud_stream.scoring.features.history import Histories
from fraud_stream.scoring.program import compile_program
from fraud_stream.scoring.rules.lists import NO_LISTS
from fraud_stream.scoring.rules.load import CheckedRule
from fraud_stream.scoring.scorer import RuleScorer
from tests.benchmarks.bench_scoring import messages, starter

ORDERS, CHUNK = 20_000, 100
START = datetime(2026, 1, 1, tzinfo=UTC)


def rule_costs() -> dict[str, float]:
    """Microseconds an order for each active rule, medians over portions of the stream."""
    book = starter()
    decode = msgspec.json.Decoder(OrderEvent).decode
    events = [decode(value) for value in messages(ORDERS)]

    def cost(rules: list[CheckedRule]) -> float:
        score = compile_program(book.rules, rules, NO_LISTS, Histories()).score
        portions: list[float] = []
        for start in range(0, ORDERS, CHUNK):
            since = time.process_time()
            for event in events[start : start + CHUNK]:
                score(event)
            portions.append(time.process_time() - since)
        return median(portions) / CHUNK * 1e6

    bare = cost([])
    found = {checked.rule.id: cost([checked]) - bare for checked in book.active}
    return {"(no rule at all)": bare, **found, "(all rules)": cost(list(book.active))}


def memory(customers: int, orders: int, report: Callable[[str], object]) -> None:
    """Grow a scorer's state and say what it weighs."""
    scorer = RuleScorer(starter())
    draw = random.Random(1)
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    gap = timedelta(days=30) / (customers * orders)
    for number in range(customers * orders):
        scorer.score(_order(draw.randrange(customers), number, START + number * gap, draw))
        if number % 200_000 == 0:
            gc.freeze()
    grown = (process.memory_info().rss - before) / 1e6
    report(f"{customers:,} customers, {orders} orders each: {grown:,.0f} MB, ")
    report(f"{grown * 1e6 / customers:,.0f} bytes a customer, ")
    report(f"{scorer.entities_held():,} histories\n")
    since = time.perf_counter()
    data = scorer.snapshot()
    report(f"snapshot: {len(data) / 1e6:,.0f} MB in {time.perf_counter() - since:.2f} s\n")
    other = RuleScorer(starter())
    gc.disable()
    since = time.perf_counter()
    other.restore(data)
    report(f"restore: {time.perf_counter() - since:.2f} s\n")


def _order(customer: int, number: int, at: datetime, draw: random.Random) -> OrderEvent:
    shop = draw.randrange(1000)
    home = {"country": "DE", "postal_code": str(customer), "latitude": customer / 2000 - 40.0}
    return msgspec.convert(
        {
            "schema_version": 1,
            "transaction_id": f"txn_{number}",
            "customer_id": f"cus_{customer}",
            "merchant_id": f"shop_{shop}",
            "merchant_owner_id": f"owner_{shop // 2}",
            "merchant_category": f"category {shop % 12}",
            "event_time": at,
            "amount": draw.randrange(100, 50_000) / 100,
            "currency": "EUR",
            "payment_method": "card",
            "device_id": f"dev_{customer}",
            "card_fingerprint": f"card_{customer}",
            "customer_email": f"somebody{customer}@example.org",
            "customer_name": f"Some Body {customer}",
            "ip_address": f"10.{customer % 250}.{customer // 250 % 250}.{number % 3}",
            "ip_latitude": customer / 2000 - 40.0,
            "ip_longitude": 13.4,
            "shipping": {**home, "longitude": 13.4},
        },
        OrderEvent,
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("rules", "memory"))
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=10)
    wishes = parser.parse_args()
    if wishes.what == "memory":
        memory(wishes.customers, wishes.orders, sys.stdout.write)
        return
    table = Table(title="processor time an order, µs")
    table.add_column("rule")
    table.add_column("alone", justify="right")
    for name, cost in rule_costs().items():
        table.add_row(name, f"{cost:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
