"""Reference data: any interval, any number of times, in any order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fraud_core.settings import Role, Settings
from fraud_local.reference.load import load_interval
from fraud_local.reference.marketplace import Marketplace

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

Ask = Callable[..., list[tuple[Any, ...]]]
TEN = datetime(2024, 1, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def small(platform: Settings, ask: Ask) -> Settings:
    """A small marketplace of which nothing was loaded."""
    ask("truncate reference.customers, reference.shops, reference.products", role=Role.OWNER)
    return platform.model_copy(update={"marketplace_customers": 300, "marketplace_seed": 7})


def tables(ask: Ask) -> list[list[tuple[Any, ...]]]:
    return [
        ask(f"select * from reference.{table} order by 1")
        for table in ("customers", "shops", "products")
    ]


def test_the_first_load_brings_everything_up_to_its_interval(small: Settings, ask: Ask) -> None:
    loaded = load_interval(small, TEN, TEN + HOUR)

    customers, shops, products = tables(ask)
    assert (loaded.customers, loaded.shops, loaded.products) == (
        len(customers),
        len(shops),
        len(products),
    )
    assert len(customers) > 300


def test_loading_an_interval_again_changes_nothing(small: Settings, ask: Ask) -> None:
    load_interval(small, TEN, TEN + HOUR)
    before = tables(ask)

    again = load_interval(small, TEN, TEN + HOUR)

    assert (again.customers, again.shops, again.products) == (0, 0, 0)
    assert tables(ask) == before


def test_hours_in_any_order_come_to_the_same_as_hours_in_order(small: Settings, ask: Ask) -> None:
    hours = [TEN + n * HOUR for n in range(1, 24)]
    load_interval(small, TEN, TEN + HOUR)
    for hour in hours:
        load_interval(small, hour, hour + HOUR)
    in_order = tables(ask)

    ask("truncate reference.customers, reference.shops, reference.products", role=Role.OWNER)
    load_interval(small, TEN, TEN + HOUR)
    for hour in reversed(hours):
        load_interval(small, hour, hour + HOUR)

    assert tables(ask) == in_order


def test_an_hour_brings_what_changed_in_it(small: Settings, ask: Ask) -> None:
    load_interval(small, TEN, TEN + HOUR)

    loaded = load_interval(small, TEN + HOUR, TEN + 2 * HOUR)

    assert loaded.customers > 0
    assert loaded.products > 0
    ((changed,),) = ask("select count(*) from reference.products where changed_at = %s", TEN + HOUR)
    assert changed == loaded.products


def test_the_same_seed_says_the_same_of_an_hour_whatever_was_asked_before() -> None:
    fresh, used = Marketplace(3, 300), Marketplace(3, 300)
    used.changes(TEN - 48 * HOUR, TEN)

    assert fresh.changes(TEN, TEN + HOUR) == used.changes(TEN, TEN + HOUR)
