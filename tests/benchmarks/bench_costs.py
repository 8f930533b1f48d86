"""What each rule costs, what the state weighs, and what the warehouse's runs take."""

import subprocess
import sys
from statistics import median

import msgspec

from fraud_core.settings import REPOSITORY
from fraud_stream.scoring.state import available_forms
from tests.benchmarks.harness import Bench, Found, Wishes
from tests.benchmarks.own_stack import own_stack
from tests.benchmarks.scoring_costs import (
    CHUNK,
    ORDERS,
    ROUNDS,
    crowd_costs,
    rule_costs,
)
from tests.benchmarks.warehouse_costs import on_own_databases, ratios, seconds

FORM = available_forms()[0]
PER_CUSTOMER = 10
PORTIONS = 8
"""Of 2,000 orders, for each round: other work on the machine is felt in single ones."""
SECONDS = {"encode", "restore", "adopt"}


def _rules(_: Wishes) -> Found:
    """Medians over portions of a stream; the reference is scoring with no rule at all."""
    costs = rule_costs(FORM)
    bare, adds = costs.bare, costs.adds
    return Found(
        rounds=ORDERS // CHUNK,
        ratios={
            "all rules, times no rule at all": costs.whole / bare,
            **{f"{rule}, adds of no rule at all": cost / bare for rule, cost in adds.items()},
        },
        figures={
            "no rule at all, µs CPU an order": bare,
            "all rules, µs CPU an order": costs.whole,
            **{f"{rule}, adds µs CPU an order": cost for rule, cost in adds.items()},
        },
    )


def _memory(wishes: Wishes) -> Found:
    """Filled once, times are medians; the reference is the snapshot, which is the state packed."""
    customers = wishes.customers
    each = max(1, (wishes.orders or customers * PER_CUSTOMER) // customers)
    costs = _state_costs(customers, each)
    return Found(
        rounds=ROUNDS,
        ratios={"of its snapshot": costs["megabytes"] / costs["snapshot_megabytes"]},
        figures={
            "customers": customers,
            "MB for 100,000": costs["bytes_a_customer"] / 10,
            **{name + ", seconds" * (name in SECONDS): cost for name, cost in costs.items()},
        },
    )


def _state_costs(customers: int, each: int) -> dict[str, float]:
    """In a process of its own: what others leave free in this one would not count as growth."""
    module = "tests.benchmarks.scoring_costs"
    sizes = [f"--customers={customers}", f"--orders={each}", f"--form={FORM}"]
    done = subprocess.run(
        [sys.executable, "-m", module, "memory", "--json", *sizes],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    )
    costs = msgspec.json.decode(done.stdout, type=dict[str, float | str])
    return {name: cost for name, cost in costs.items() if not isinstance(cost, str)}


def _customers(wishes: Wishes) -> Found:
    """The reference is scoring on a state of a hundredth of the customers."""
    costs = crowd_costs(FORM, wishes.customers, wishes.rounds * PORTIONS)
    return Found(
        rounds=len(costs),
        ratios={"to score, times that on a hundredth of them": median(m / f for f, m in costs)},
        figures={
            "customers": wishes.customers,
            "µs CPU an order, a hundredth of them": median(few for few, _ in costs),
            "µs CPU an order, all of them": median(many for _, many in costs),
        },
    )


def _warehouse(wishes: Wishes) -> Found:
    """Runs over 10,000 new orders, on a history and on one ten times as long."""
    with own_stack() as settings:
        rounds = on_own_databases(settings, wishes.orders, [], repeats=wishes.rounds)
    short, long = seconds(rounds)
    return Found(
        rounds=len(rounds),
        ratios={f"{part}, long to short": ratio for part, ratio in ratios(rounds).items()},
        figures={
            f"{part}, seconds on the {history} history": value
            for history, cost in (("short", short), ("long", long))
            for part, value in cost._asdict().items()
        },
    )


BENCHES = (
    Bench(name="rules", about="what each starter rule adds to no rule at all", run=_rules),
    Bench(
        name="memory",
        about="the state of many customers, and its snapshot",
        run=_memory,
        sizes={"customers": 10_000, "orders": 0},
    ),
    Bench(
        name="customers",
        about="scoring on a state of many customers and of few",
        run=_customers,
        sizes={"customers": 50_000},
        least={"customers": 100},
    ),
    Bench(
        name="warehouse",
        about="dbt's runs over new orders, ten minutes or more",
        run=_warehouse,
        sizes={"orders": 20_000},
        is_long=True,
    ),
)
