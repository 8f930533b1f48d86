"""`make profile`: whose processor time a drain is, stage by stage, on the real path.

    python -m tests.benchmarks.stages [--orders 100000] [--json]

The consumer's own functions are wrapped for the length of this process, a batch at a time, and
read the clock of their thread; the consumer itself knows nothing of it. A stage's time is its own,
without that of the stages inside it. What is left of the process is the Kafka client's threads.
Scoring is split into features and the rest by some of its batches, see `ask_clock.py`.
"""

import argparse
import functools
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from fraud_core.logging import configure_logging
from fraud_core.settings import Settings
from fraud_stream.consumer import active, ledger, recovery, rows, scored, tenure, triage
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.heap import keep_free_memory
from fraud_stream.consumer.reading import Reading
from fraud_stream.consumer.saving import Saving
from fraud_stream.consumer.writer import Writer
from fraud_stream.delivery.publication import Publication
from tests.benchmarks.ask_clock import EVERY, AskClock
from tests.benchmarks.drain import Meter, fill
from tests.benchmarks.own_stack import own_stack

FEATURES, RULES = "score: features", "score: rules, decision and the rest"
REST = "Kafka client's threads and the rest"
STAGES: list[tuple[Any, str, str]] = [
    (Reading, "fetch", "fetch"),
    (scored, "triage", "decode and check"),
    (triage, "in_event_time", "triage"),
    (recovery, "landed_payloads", "look ids up"),
    (scored.BatchScorer, "score", "score"),
    (rows.DecidedRows, "add", "rows"),
    (scored.BatchScorer, "_other_rows", "rows"),
    (ledger, "land", "COPY"),
    (Writer, "finish", "wait for the commit before"),
    (active.ActiveScorer, "_take_snapshot", "snapshot: freeze"),
    (Saving, "_save", "snapshot: write"),
    (tenure, "tidy", "collect garbage"),
    (Publication, "drain", "publish at the end"),
]
"""Where each stage is looked up by those that call it, and what it is called here.

Decoding is what triage does before it sorts by event time; what follows is triage.
"""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds an order: of processors, and by the clock of the consumer's main thread.

    `sampled` are the orders by which scoring was split; it is whole when they are none.
    """

    orders: int
    sampled: int
    orders_a_second: float
    cpu_us: dict[str, float]
    clock_us: dict[str, float]


class Split:
    """Sums up the time of stages that call each other, each thread by itself."""

    def __init__(self) -> None:
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.clock: defaultdict[str, float] = defaultdict(float)
        self._local = threading.local()
        self._main = threading.current_thread()

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Have calls of `owner.name` counted as `stage`."""
        work: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(work)
        def timed(*arguments: Any, **named: Any) -> Any:
            stack = self._charge()
            if stage == "triage":
                stack[-1] = stage
            stack.append(stage)
            try:
                return work(*arguments, **named)
            finally:
                self._charge().pop()

        setattr(owner, name, timed)

    def _charge(self) -> list[str]:
        """Give the time since the last call in this thread to the stage that is on top."""
        local, cpu, clock = self._local, time.thread_time(), time.monotonic()
        stack: list[str] = getattr(local, "stack", [])
        if stack:
            self.cpu[stack[-1]] += cpu - local.cpu
            if threading.current_thread() is self._main:
                self.clock[stack[-1]] += clock - local.clock
        local.stack, local.cpu, local.clock = stack, cpu, clock
        return stack


def profile(settings: Settings, orders: int) -> Spent:
    """Drain what waits, in this process, which is set up as `fraud consume` sets up its own."""
    split = Split()
    for owner, name, stage in STAGES:
        split.wrap(owner, name, stage)
    asks = AskClock()
    asks.install()
    configure_logging(settings, component="consumer")
    keep_free_memory()
    meter = Meter(settings)
    landed = until_caught_up(settings, timeout_seconds=3600)
    rate = meter.rate(orders)
    asked = asks.found()
    each = _with_features(split.cpu, orders, asked and asked.cpu)
    rest = {REST: rate.cpu_us["client"] - sum(each.values())}
    servers = {name.capitalize(): rate.cpu_us[name] for name in ("postgres", "kafka")}
    return Spent(
        orders=landed.landed,
        sampled=asked.orders if asked else 0,
        orders_a_second=landed.landed / landed.seconds,
        cpu_us={**each, **rest, **servers},
        clock_us=_with_features(split.clock, orders, asked and asked.clock),
    )


def _with_features(
    seconds: dict[str, float], orders: int, features: float | None
) -> dict[str, float]:
    """Microseconds an order of each stage, `score` in two where its features' seconds are known."""
    each: dict[str, float] = {}
    for stage, spent in seconds.items():
        if stage == "score" and features is not None:
            each |= {FEATURES: features * 1e6, RULES: (spent / orders - features) * 1e6}
        else:
            each[stage] = spent / orders * 1e6
    return each


def main() -> None:
    """Drain with the clocks on, and print what each stage took."""
    parser = argparse.ArgumentParser(prog="make profile", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--json", action="store_true", help="report as JSON")
    asked = parser.parse_args()
    with own_stack() as settings:
        fill(settings, asked.orders)
        spent = profile(settings, asked.orders)
    if asked.json:
        sys.stdout.write(msgspec.json.encode(spent).decode() + "\n")
        return
    total = sum(spent.cpu_us.values())
    table = Table(
        "stage",
        title=f"{spent.orders:,} orders, {spent.orders_a_second:,.0f} a second",
        caption=f"features: the mean of {spent.sampled:,} orders, one batch in {EVERY}; what else "
        "scoring took is rules, decision and the rest"
        if spent.sampled
        else "score: features and rules together, which this form of the scorer does not part",
    )
    for column in ("µs CPU an order", "share", "µs by the clock, main thread"):
        table.add_column(column, justify="right")
    for stage, cpu in spent.cpu_us.items():
        clock = f"{spent.clock_us[stage]:.2f}" if stage in spent.clock_us else ""
        table.add_row(stage, f"{cpu:.2f}", f"{cpu / total:.0%}", clock)
    table.add_row("all", f"{total:.2f}", "100%", f"{sum(spent.clock_us.values()):.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
