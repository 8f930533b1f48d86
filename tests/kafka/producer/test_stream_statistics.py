"""The stream looks alive: rhythm, heavy customers, log-normal amounts, sticky sessions, shares.

Seeds are fixed, so these hold or fail for good; the tolerances are several standard errors wide.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from statistics import mean, median, pstdev
from typing import Any

import msgspec
import pytest

from fraud_core.events import LabelEvent
from fraud_stream.producer.attacks import ATTACKS
from fraud_stream.producer.lookalikes import LOOKALIKES
from fraud_stream.producer.market import RATES
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.rhythm import HOURS, WEEKDAYS
from fraud_stream.producer.scenario import Scenario
from fraud_stream.producer.stream import Stream
from fraud_stream.producer.world.catalogue import CATEGORIES
from tests.kafka.producer.conftest import START

ORDERS, SEEDS = 20_000, range(1, 13)


def shares(values: Iterable[int], of: int) -> list[float]:
    counts = Counter(values)
    return [counts[value] / counts.total() for value in range(of)]


def test_people_order_by_the_hours_of_their_own_clock(month: Any) -> None:
    found = shares((order.event_time.hour for order in month.orders), 24)
    expected = HOURS / HOURS.sum()
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) < 0.012


def test_night_is_quiet_and_evening_is_busy(month: Any) -> None:
    found = shares((order.event_time.hour for order in month.orders), 24)
    assert sum(found[1:5]) < 0.06
    assert sum(found[19:22]) > 0.18


def test_weekends_are_busier_than_weekdays(month: Any) -> None:
    days = Counter(order.event_time.date() for order in month.orders)
    inner = {day: count for day, count in days.items() if min(days) < day < max(days)}
    by_weekday = [mean(c for d, c in inner.items() if d.weekday() == w) for w in range(7)]
    assert by_weekday[6] > by_weekday[1]
    assert WEEKDAYS[6] > WEEKDAYS[1]


def test_few_customers_make_a_large_share_of_the_orders(month: Any) -> None:
    counts = sorted(Counter(order.customer_id for order in month.orders).values(), reverse=True)
    heaviest_tenth = sum(counts[: len(counts) // 10]) / sum(counts)
    assert 0.3 < heaviest_tenth < 0.6


def test_most_orders_are_of_customers_who_come_back(month: Any) -> None:
    counts = Counter(order.customer_id for order in month.orders)
    repeated = sum(count for count in counts.values() if count > 1)
    assert 0.85 < repeated / len(month.orders) < 0.98


@pytest.mark.parametrize("category", CATEGORIES, ids=lambda category: category.name)
def test_amounts_are_log_normal_around_the_categorys_median(month: Any, category: Any) -> None:
    stories = {label.transaction_id for label in month.labels if label.source == "injected"}
    logs = [
        math.log(order.amount / RATES[order.currency])
        for order in month.orders
        if order.merchant_category == category.name
        and order.transaction_id not in stories
        and len(order.items) == 1
        and order.items[0].quantity == 1
        and not order.discount_amount
    ]
    assert median(logs) == pytest.approx(math.log(category.median), abs=0.3)
    assert pstdev(logs) == pytest.approx(math.hypot(category.sigma, 0.35, 0.15), abs=0.2)
    assert mean(logs) == pytest.approx(median(logs), abs=0.15)


def test_one_customer_spends_alike_and_customers_differ(month: Any) -> None:
    spent: dict[str, list[float]] = defaultdict(list)
    for order in month.orders:
        if order.merchant_category == "groceries" and order.currency in {"USD", "EUR", "GBP"}:
            spent[order.customer_id].append(math.log(order.amount))
    means = [mean(amounts) for amounts in spent.values() if len(amounts) > 3]
    within = [pstdev(amounts) for amounts in spent.values() if len(amounts) > 3]
    assert pstdev(means) > 0.2
    assert mean(within) < pstdev([amount for amounts in spent.values() for amount in amounts])


def test_a_session_keeps_its_customer_device_and_network(month: Any) -> None:
    seen: dict[str, set[Any]] = defaultdict(set)
    for order in month.orders:
        seen[order.session_id].add((order.customer_id, order.device_id, order.ip_address))
    assert all(len(who) == 1 for who in seen.values())
    assert len(seen) < len(month.orders) * 0.97


def test_customers_have_one_to_three_devices_and_prefer_one(month: Any) -> None:
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for order in month.orders:
        used[order.customer_id][order.device_id] += 1
    heavy = [devices for devices in used.values() if devices.total() >= 20]
    assert mean(len(devices) <= 3 for devices in heavy) > 0.9
    assert mean(max(devices.values()) / devices.total() for devices in heavy) > 0.6


def test_there_are_several_currencies_and_countries(month: Any) -> None:
    assert len({order.currency for order in month.orders}) >= 8
    assert len({order.customer_country for order in month.orders}) >= 12


@pytest.fixture(scope="module")
def injected() -> Counter[str | None]:
    """Orders of each scenario in many months: of a long story a single month may have none."""
    found: Counter[str | None] = Counter()
    decoder = msgspec.json.Decoder(LabelEvent)
    for seed in SEEDS:
        stream = Stream(seed=seed, orders=ORDERS, start=START, rates=scenario_rates("all"))
        for batch in stream.batches():
            labels = (decoder.decode(value or b"") for _, value in batch.labels)
            found.update(label.reason for label in labels if label.source == "injected")
    return found


@pytest.mark.parametrize("scenario", (*ATTACKS, *LOOKALIKES), ids=lambda s: s.name)
def test_every_scenario_has_about_its_share(
    injected: Counter[str | None], scenario: Scenario
) -> None:
    share = injected[scenario.name] / (ORDERS * len(SEEDS))
    assert share == pytest.approx(scenario.rate, rel=0.4)


def test_attacks_are_two_in_a_hundred(month: Any) -> None:
    fraud = [x for x in month.labels if x.source == "injected" and x.label == "fraud"]
    assert len(fraud) / 20_000 == pytest.approx(0.02, abs=0.005)
