"""What each starter rule costs, and what the state of 100,000 active customers weighs.

    .venv/bin/python -m tests.benchmarks.scoring_costs rules [--form python] [--json]
    .venv/bin/python -m tests.benchmarks.scoring_costs memory [--customers 100000] [--orders 10]

A rule's cost is that of a rule set with it alone, less that of one with none, in turns: rules that
share features cost less together. Memory is what the process grows by while so many customers
place so many orders each within thirty days, each with a device, a card, an address and an e-mail
address of their own, and a new IP address every third order.
"""

import argparse
import gc
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import NamedTuple

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from fraud_core.events import OrderEvent
from fraud_stream.scoring.program import compile_program
from fraud_stream.scoring.rules.lists import NO_LISTS
from fraud_stream.scoring.rules.load import CheckedRule
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import Form, available_forms, state_maker
from tests.benchmarks.bench_scoring import messages, starter
from tests.benchmarks.harness import collect_again

ORDERS, CHUNK, ROUNDS = 20_000, 100, 5
START = datetime(2026, 1, 1, tzinfo=UTC)

Work = Callable[[OrderEvent], object]


class RuleCosts(NamedTuple):
    """Microseconds an order, medians over portions of the stream.

    `bare` and `whole` are scoring with no rule and with all active ones, `adds` is what each rule
    by itself adds to `bare`, which is measured beside each of them again. Rules share features, so
    together they add less than their sum.
    """

    bare: float
    adds: dict[str, float]
    whole: float


def rule_costs(form: Form) -> RuleCosts:
    """Of the starter rules."""
    book, new_state = starter(), state_maker(form)
    decode = msgspec.json.Decoder(OrderEvent).decode
    events = [decode(value) for value in messages(ORDERS)]

    def beside(rules: list[CheckedRule]) -> tuple[float, float]:
        """No rule, and what these add to it: each is first in one half of every portion."""
        works = [
            compile_program(book.rules, chosen, NO_LISTS, new_state()).score
            for chosen in ([], rules)
        ]
        portions = [_in_turns(works, events[at : at + CHUNK]) for at in range(0, ORDERS, CHUNK)]
        bare = median(none for none, _ in portions)
        return bare, median(some - none for none, some in portions)

    whole = list(book.active)
    beside(whole)  # the first one finds nothing in the caches
    costs = {checked.rule.id: beside([checked]) for checked in book.active}
    bare, together = beside(whole)
    bare = median([bare, *(none for none, _ in costs.values())])
    return RuleCosts(bare, {rule: adds for rule, (_, adds) in costs.items()}, bare + together)


def _in_turns(works: Sequence[Work], events: Sequence[OrderEvent]) -> tuple[float, float]:
    """Microseconds of processor time an order, of one and of the other."""
    spent, half = [0.0, 0.0], len(events) // 2
    for turns, part in (((0, 1), events[:half]), ((1, 0), events[half:])):
        for which in turns:
            work, since = works[which], time.process_time()
            for event in part:
                work(event)
            spent[which] += time.process_time() - since
    first, second = (seconds / len(events) * 1e6 for seconds in spent)
    return first, second


def state_costs(form: Form, customers: int, orders: int) -> dict[str, float]:
    """What a state weighs, and what it costs to write it, to read it and to change the rules.

    Times are seconds of processor time unless the name says otherwise, medians of five.
    """
    try:
        return _state_costs(form, customers, orders)
    finally:
        collect_again()


def _state_costs(form: Form, customers: int, orders: int) -> dict[str, float]:
    scorer = RuleScorer(starter(), form)
    draw, process = random.Random(1), psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    gap = timedelta(days=30) / (customers * orders)
    for number in range(customers * orders):
        scorer.score(_order(draw.randrange(customers), number, START + number * gap, draw))
        if number % 200_000 == 0:
            gc.freeze()
    grown = process.memory_info().rss - before
    chunks, longest = _encoded(scorer)
    data = b"".join(chunks)
    gc.disable()
    return {
        "megabytes": grown / 1e6,
        "bytes_a_customer": grown / customers,
        "histories": scorer.entities_held(),
        "snapshot_megabytes": len(data) / 1e6,
        "snapshot_chunks": len(chunks),
        "freeze_ms": 1000 * _seconds(scorer.freeze),
        "encode": _seconds(scorer.snapshot),
        "longest_chunk_of_five_tries_ms": 1000 * longest,
        "restore": _seconds(lambda: RuleScorer(starter(), form).restore([[data]])),
        "adopt": _seconds(lambda: scorer.adopt(starter())),
    }


class Crowd:
    """A scorer whose state holds so many customers, each with five orders within thirty days.

    It is filled for longer, so that it lets go of as much as comes, however many customers it has.
    """

    ORDERS_EACH, PORTION = 5, 2_000
    WINDOW, FILLED = timedelta(days=30), timedelta(days=35)

    def __init__(self, form: Form, customers: int) -> None:
        self._scorer, self._draw = RuleScorer(starter(), form), random.Random(1)
        self._customers, self._number = customers, 0
        self._gap = self.WINDOW / (customers * self.ORDERS_EACH)
        for order in self._orders(self.FILLED // self._gap):
            self._scorer.absorb(order)
            if self._number % 200_000 == 0:
                gc.freeze()

    def cost(self) -> float:
        """Microseconds of processor time to score an order of any of them, by the next portion."""
        events, score = list(self._orders(self.PORTION)), self._scorer.score
        since = time.process_time()
        for event in events:
            score(event)
        return (time.process_time() - since) / self.PORTION * 1e6

    def _orders(self, count: int) -> Iterator[OrderEvent]:
        for _ in range(count):
            self._number += 1
            at = START + self._number * self._gap
            yield _order(self._draw.randrange(self._customers), self._number, at, self._draw)


def crowd_costs(form: Form, customers: int, rounds: int) -> list[tuple[float, float]]:
    """Microseconds an order on a state of a hundredth of the customers, and of all, in turns."""
    try:
        few, all_of_them = Crowd(form, customers // 100), Crowd(form, customers)
        return [(few.cost(), all_of_them.cost()) for _ in range(rounds)]
    finally:
        collect_again()


def _encoded(scorer: RuleScorer) -> tuple[list[bytes], float]:
    """All chunks, and the longest that one took in five tries."""
    chunks: list[bytes] = []
    longest = 0.0
    for _ in range(ROUNDS):
        chunks, costs, ahead = [], [], scorer.freeze().chunks()
        since = time.thread_time()
        for chunk in ahead:
            chunks.append(chunk)
            costs.append(time.thread_time() - since)
            since = time.thread_time()
        longest = max(longest, *costs)
    return chunks, longest


def _seconds(work: Callable[[], object]) -> float:
    costs: list[float] = []
    for _ in range(ROUNDS):
        since = time.process_time()
        work()
        costs.append(time.process_time() - since)
    return median(costs)


def _order(customer: int, number: int, at: datetime, draw: random.Random) -> OrderEvent:
    shop = draw.randrange(1000)
    latitude = customer % 100_000 / 2000 - 40.0
    home = {"country": "DE", "postal_code": str(customer), "latitude": latitude}
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
            "ip_latitude": latitude,
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
    parser.add_argument("--form", choices=available_forms(), default=available_forms()[0])
    parser.add_argument("--json", action="store_true", help="report as JSON")
    wishes = parser.parse_args()
    if wishes.what == "memory":
        found = state_costs(wishes.form, wishes.customers, wishes.orders)
        title = f"{wishes.customers:,} customers, {wishes.orders} orders each, {wishes.form}"
    else:
        costs = rule_costs(wishes.form)
        adds = {f"{rule}, adds": cost for rule, cost in costs.adds.items()}
        found = {"(no rule at all)": costs.bare, **adds, "(all rules)": costs.whole}
        title = f"processor time an order, µs, {wishes.form}"
    if wishes.json:
        report = {"what": wishes.what, "form": wishes.form, **found}
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    table = Table("", "", title=title)
    for name, value in found.items():
        table.add_row(name.replace("_", " "), f"{value:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
