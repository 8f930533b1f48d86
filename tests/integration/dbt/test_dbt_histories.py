"""Whatever comes in whatever order, the models hold what a full refresh would make of it."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from fraud_core.settings import Settings
from fraud_local.dbt import BuildResult, build

pytestmark = pytest.mark.integration

Order = dict[str, Any]
Contents = dict[str, list[str]]

PARTS = (
    ("path:models",),
    ("path:models/raw",),
    ("path:models/staging",),
    ("path:models/marts",),
    ("stg_customers",),
    ("fct_transactions",),
)
"""What a step of a history may build: all of it, or a part as after a crash or a cleared box."""


@pytest.fixture(scope="module", autouse=True)
def _everything_is_there_once(build_models: Callable[..., BuildResult]) -> None:
    build_models()


@pytest.mark.parametrize("seed", range(3))
def test_any_interleaving_of_batches_and_partial_builds_equals_a_full_refresh(
    seed: int,
    land: Callable[[list[Order]], None],
    random_orders: Callable[[Random], list[Order]],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], Contents],
) -> None:
    random = Random(seed)
    for _ in range(4):
        land(random_orders(random))
        build_models(*random.choice(PARTS))
    land(random_orders(random))
    build_models()
    grown = contents()

    build_models(full_refresh=True)

    assert grown == contents()


def test_a_rerun_changes_nothing_and_writes_nothing(
    land: Callable[[list[Order]], None],
    random_orders: Callable[[Random], list[Order]],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], Contents],
) -> None:
    land(random_orders(Random(99)))
    build_models()
    before = contents()

    rerun = build_models()

    assert contents() == before
    assert not [node for node in rerun.nodes if node.rows and node.rows > 0]


def test_models_that_a_crash_left_behind_catch_up_with_the_next_build(
    land: Callable[[list[Order]], None],
    an_order: Callable[..., Order],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], Contents],
) -> None:
    orders = [an_order(customer_id="crashed") for _ in range(2)]
    land(orders[:1])
    build_models("path:models/raw")
    land(orders[1:])

    build_models()

    facts = "".join(contents()["fct_transactions"])
    assert all(order["transaction_id"] in facts for order in orders)


def test_an_order_that_happened_long_ago_and_lands_last_is_not_lost(
    land: Callable[[list[Order]], None],
    an_order: Callable[..., Order],
    build_models: Callable[..., BuildResult],
    contents: Callable[[], Contents],
) -> None:
    late = an_order(event_time="2001-01-01T00:00:00Z", customer_id="late", amount=0.1)
    land([late])

    build_models()

    assert late["transaction_id"] in "".join(contents()["fct_transactions"])
    (customer,) = [row for row in contents()["vw_customer_fraud_summary"] if "(late," in row]
    assert '"EUR"": 0.1000' in customer


def test_every_data_test_and_unit_test_passes_over_such_a_history(warehouse: Settings) -> None:
    result = build(warehouse, unit_tests=True)

    assert not result.problems
    assert {node.kind for node in result.nodes} == {"model", "test", "unit_test"}
