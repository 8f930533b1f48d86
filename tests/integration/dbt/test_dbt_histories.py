"""Whatever comes in whatever order, the models hold what a full refresh would make of it."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from random import Random

import pytest
from dbt.contracts.graph.manifest import Manifest
from warehouse_orders import HISTORIES, START, Order, plain_order, random_labels, random_orders

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, build

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

Contents = dict[str, list[str]]
Land = Callable[..., None]
BuildModels = Callable[..., BuildResult]

LAYERS = ("path:models/raw", "path:models/staging", "path:models/marts")


@pytest.fixture(scope="module", autouse=True)
def _everything_is_there_once(build_models: BuildModels) -> None:
    build_models()


@pytest.fixture(scope="module")
def part_of_a_build(manifest: Manifest) -> Callable[[Random], tuple[str, ...]]:
    """What a build may get done: all of it, a layer, a box cleared alone, or what a crash left."""
    models = sorted(n.name for n in manifest.nodes.values() if n.resource_type == "model")

    def draw(random: Random) -> tuple[str, ...]:
        crashed = tuple(random.sample(models, k=random.randint(1, len(models) - 1)))
        return random.choice([(), (random.choice(LAYERS),), (random.choice(models),), crashed])

    return draw


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_any_interleaving_of_orders_labels_and_partial_builds_equals_a_full_refresh(
    seed: int,
    land: Land,
    build_models: BuildModels,
    part_of_a_build: Callable[[Random], tuple[str, ...]],
    contents: Callable[[], Contents],
) -> None:
    random = Random(seed)
    orders: list[Order] = []
    for _ in range(4):
        batch = random_orders(random)
        orders += batch
        land(batch, random_labels(random, orders))
        build_models(*part_of_a_build(random))
    build_models()
    grown = contents()

    build_models(full_refresh=True)

    _require_same(grown, contents())


def _require_same(grown: Contents, refreshed: Contents) -> None:
    different = {
        model: (
            sorted(set(grown[model]) - set(rows))[:3],
            sorted(set(rows) - set(grown[model]))[:3],
        )
        for model, rows in refreshed.items()
        if grown[model] != rows
    }
    assert not different, f"these differ: {', '.join(different)}"


def test_a_rerun_changes_nothing_and_writes_nothing(
    land: Land, build_models: BuildModels, contents: Callable[[], Contents], manifest: Manifest
) -> None:
    random = Random(99)
    orders = random_orders(random)
    land(orders, random_labels(random, orders))
    build_models()
    before = contents()

    rerun = build_models()

    _require_same(before, contents())
    incremental = {
        node.name for node in manifest.nodes.values() if node.config.materialized == "incremental"
    }
    assert not [n for n in rerun.nodes if n.name in incremental and n.rows and n.rows > 0]


def test_an_order_that_happened_long_ago_and_lands_last_is_not_lost(
    land: Land, build_models: BuildModels, contents: Callable[[], Contents]
) -> None:
    late = plain_order(event_time="2001-01-01T00:00:00Z", customer_id="late", amount=0.1)
    land([late])

    build_models()

    assert late["transaction_id"] in "".join(contents()["fct_transactions"])
    (customer,) = [row for row in contents()["vw_customer_fraud_summary"] if "(late," in row]
    assert '"EUR"": 0.1000' in customer


def test_a_late_order_moves_the_orders_after_it_to_the_version_that_it_makes(
    land: Land, build_models: BuildModels, contents: Callable[[], Contents]
) -> None:
    def of(day: int, country: str | None) -> Order:
        at = f"2026-01-0{day}T00:00:00Z"
        return plain_order(customer_id="moves", event_time=at, customer_country=country)

    land([of(1, "DE"), of(3, None), of(5, "DE")])
    build_models()
    land([of(2, "FR")])

    build_models()

    facts = [row for row in contents()["fct_transactions"] if ",moves," in row]
    days = sorted(row.split(",moves@")[1][:10] for row in facts)
    assert days == ["2026-01-01", "2026-01-02", "2026-01-02", "2026-01-05"]


def test_a_chargeback_that_is_taken_back_no_longer_stands_and_stays_counted(
    land: Land, build_models: BuildModels, warehouse: Settings
) -> None:
    order = plain_order(customer_id="disputes")
    said = ("fraud", "legitimate")
    land(
        [order],
        [
            (order["transaction_id"], label, "chargeback", None, START + timedelta(days=day))
            for day, label in enumerate(said)
        ],
    )

    build_models()

    with (
        closing(connect(warehouse, Role.DBT, application="tests")) as dbt,
        dbt.cursor() as cursor,
    ):
        cursor.execute(
            "select is_chargeback, (select sum(chargeback_change) from marts.fct_order_journal"
            " where transaction_id = %(id)s) from marts.fct_labels where transaction_id = %(id)s",
            {"id": order["transaction_id"]},
        )
        assert cursor.fetchall() == [(False, 1)]


def test_every_data_test_and_unit_test_passes_over_such_a_history(warehouse: Settings) -> None:
    result = build(warehouse, unit_tests=True, complete=True)

    assert not result.problems
    assert {"model", "test", "unit_test"} <= {node.kind for node in result.nodes}
