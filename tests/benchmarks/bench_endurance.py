"""How it holds out: under steady load, beside a slow database, on a long history, and how fast.

Each is one run: what is looked for shows only as it goes on, so give it more seconds or orders.
"""

from contextlib import suppress
from itertools import repeat
from statistics import median

from tests.benchmarks.endurance import PART, history, slow_postgres, soak
from tests.benchmarks.harness import Bench, Found, Wishes
from tests.benchmarks.latency import at_rates
from tests.benchmarks.offered import TooSlowError

HIGHEST_MS = 250.0
"""Of the 99.9th percentile."""

FIRST_RATE, STEP = 4_000.0, 1.25


def _soak(wishes: Wishes) -> Found:
    run = soak(wishes.seconds, wishes.rate)
    return Found(
        rounds=1,
        ratios={
            "memory, last third to second": run.megabytes_at_last / run.megabytes_then,
            "most lag, of a second's orders": run.most_lag / run.offered_per_second,
        },
        figures={
            "drained a second": run.drain_per_second,
            "offered a second": run.offered_per_second,
            "orders": run.orders,
            "lag, median of the second third": run.lag_then,
            "lag, median of the last third": run.lag_at_last,
            "lag, most": run.most_lag,
            "MB, median of the second third": run.megabytes_then,
            "MB, median of the last third": run.megabytes_at_last,
        },
    )


def _slow_postgres(wishes: Wishes) -> Found:
    run = slow_postgres(wishes.rate, wishes.seconds)
    return Found(
        rounds=1,
        ratios={"memory, most to before": run.most_megabytes / run.megabytes_before},
        figures={
            "offered a second": run.offered_per_second,
            "MB before": run.megabytes_before,
            "MB, most": run.most_megabytes,
            "lag, most": run.most_lag,
            "seconds to catch up": run.seconds_to_catch_up,
        },
    )


def _history(wishes: Wishes) -> Found:
    """The first part is that on an empty database; the end is the last three of the others."""
    orders, customers = wishes.orders, wishes.customers
    rates = history(orders, customers)
    last = rates[1:][-3:]
    return Found(
        rounds=1,
        ratios={
            "rate at the end, of that on an empty database": median(r.per_second for r in last)
            / rates[0].per_second,
            "CPU of the consumer at the end, times": median(r.cpu_us["client"] for r in last)
            / rates[0].cpu_us["client"],
            "CPU of Postgres at the end, times": median(r.cpu_us["postgres"] for r in last)
            / rates[0].cpu_us["postgres"],
        },
        figures={
            "orders": orders,
            "customers": customers,
            **{f"a second, part {n}": rate.per_second for n, rate in enumerate(rates, 1)},
        },
    )


def _highest_rate(wishes: Wishes) -> Found:
    """From 4,000 or `--rate` up in steps of a quarter, until one misses or cannot be sent.

    The reference is taken after the highest one's window; there is none when even the first misses.
    """
    found: dict[str, float] = {}
    ratios: dict[str, float] = {}
    highest = 0.0
    rates = (wishes.rate * STEP**step for step in range(20))
    with suppress(TooSlowError):
        for rate, run in at_rates(rates, wishes.seconds, warm_ups=repeat(5)):
            found |= {f"p50 ms at {rate:,.0f}": run.p50, f"p99.9 ms at {rate:,.0f}": run.p99_9}
            if run.p99_9 >= HIGHEST_MS:
                break
            highest, times = rate, run.p99_9 / run.commit_ms
            ratios = {"p99.9 at the highest, times an insert and commit of one row": times}
    return Found(
        rounds=1,
        ratios=ratios,
        figures={"highest a second with p99.9 under 250 ms": highest, **found},
    )


BENCHES = (
    Bench(
        name="soak",
        about="four fifths of the drain rate, and what grows",
        run=_soak,
        sizes={"seconds": 30, "rate": 0},
        least={"seconds": 3},
        is_one_run=True,
    ),
    Bench(
        name="slow_postgres",
        about="memory while Postgres stands still",
        run=_slow_postgres,
        sizes={"seconds": 20, "rate": 10_000},
        is_one_run=True,
    ),
    Bench(
        name="history",
        about="the drain rate on a long history",
        run=_history,
        sizes={"orders": 500_000, "customers": 100_000},
        least={"orders": PART + 1},
        is_long=True,
        is_one_run=True,
    ),
    Bench(
        name="highest_rate",
        about="the highest rate with p99.9 under 250 ms",
        run=_highest_rate,
        sizes={"seconds": 15, "rate": FIRST_RATE},
        is_long=True,
        is_one_run=True,
    ),
)
