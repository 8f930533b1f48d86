"""Truth comes apart from the order, later, and no field of an order gives it away."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fraud_stream.producer.attacks import ATTACKS
from fraud_stream.producer.lookalikes import LOOKALIKES


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field that is not a container, by its path; list positions do not matter."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


def shape(value: Any) -> str:
    """Form without content: letters, digits and what separates them."""
    text = re.sub(r"[^\W\d_]+", "a", str(value))
    return f"{type(value).__name__}:{re.sub(r'[0-9]+', '9', text)}"


def by_field(orders: list[dict[str, Any]]) -> dict[str, Counter[Any]]:
    found: dict[str, Counter[Any]] = defaultdict(Counter)
    for order in orders:
        for path, value in leaves(order):
            found[path][value] += 1
    return found


@pytest.fixture(scope="module")
def fraud(crime_wave: Any) -> dict[str, Counter[Any]]:
    return by_field(crime_wave.with_truth(fraud=True))


@pytest.fixture(scope="module")
def honest(crime_wave: Any) -> dict[str, Counter[Any]]:
    return by_field(crime_wave.with_truth(fraud=False))


def test_fraud_and_honest_orders_have_the_same_fields(fraud: Any, honest: Any) -> None:
    assert fraud.keys() == honest.keys()


def test_fields_come_in_the_same_sequence(crime_wave: Any) -> None:
    sequences = {
        truth: {tuple(order) for order in crime_wave.with_truth(fraud=truth)}
        for truth in (True, False)
    }
    assert sequences[True] <= sequences[False]


def test_every_value_of_a_fraud_order_has_the_form_of_an_honest_one(
    fraud: Any, honest: Any
) -> None:
    free = {".customer_email", ".customer_name", ".referrer_url", ".shipping.city", ".billing.city"}
    for path in fraud.keys() - free:
        unseen = {shape(value) for value in fraud[path]} - {shape(v) for v in honest[path]}
        assert not unseen, path


def test_amounts_are_written_alike(crime_wave: Any) -> None:
    def forms(*, fraud: bool) -> set[tuple[str, str]]:
        ids = {order["transaction_id"] for order in crime_wave.with_truth(fraud=fraud)}
        found = (
            (order.currency, re.search(rb'"amount":([0-9.]+)', value))
            for order, value in zip(crime_wave.orders, crime_wave.values, strict=True)
            if order.transaction_id in ids
        )
        return {
            (currency, re.sub("[0-9]", "9", match[1].decode().partition(".")[2]))
            for currency, match in found
            if match
        }

    assert forms(fraud=True) <= forms(fraud=False)


def test_no_field_is_a_function_of_the_label(fraud: Any, honest: Any) -> None:
    """Of no field can one tell the label by a rule "it has this value, or one of these"."""
    for path in honest:
        values = len(honest[path].keys() | fraud[path].keys())
        if values > 300:
            continue  # ids, times and amounts: their forms are compared above
        common = fraud[path].keys() & honest[path].keys()
        told_fraud = sum(fraud[path][value] for value in common) / fraud[path].total()
        assert told_fraud > 0.5, path
        if values == 1:
            continue  # the same in every order
        for value in fraud[path]:
            caught = fraud[path][value] / fraud[path].total()
            missed = honest[path][value] / honest[path].total()
            assert not (caught > 0.9 and missed < 0.1), (path, value)


def test_ids_of_fraud_are_spread_over_the_whole_range(crime_wave: Any) -> None:
    numbers = [
        int(order["transaction_id"].rpartition("_")[2])
        for order in crime_wave.with_truth(fraud=True)
    ]
    middle = sum(2_000 <= number < 6_000 for number in numbers) / len(numbers)
    assert middle == pytest.approx(0.5, abs=0.15)


def test_whole_minutes_between_orders_do_not_give_a_story_away(crime_wave: Any) -> None:
    milliseconds = Counter(order.event_time.microsecond for order in crime_wave.orders)
    assert milliseconds.most_common(1)[0][1] < len(crime_wave.orders) * 0.01
    last: dict[str, Any] = {}
    whole = 0
    for order in crime_wave.orders:
        if before := last.get(order.customer_id):
            whole += (order.event_time - before) % timedelta(minutes=1) == timedelta(0)
        last[order.customer_id] = order.event_time
    assert whole < 20


def test_every_order_of_an_attack_or_a_lookalike_has_its_truth_at_once(crime_wave: Any) -> None:
    times = {order.transaction_id: order.event_time for order in crime_wave.orders}
    injected = [label for label in crime_wave.labels if label.source == "injected"]
    assert all(label.labelled_at == times[label.transaction_id] for label in injected)
    truths = {scenario.name: scenario.truth for scenario in (*ATTACKS, *LOOKALIKES)}
    assert {label.reason: label.label for label in injected} == truths


def test_an_order_has_one_truth_whoever_tells_it(month: Any) -> None:
    told: dict[str, set[str]] = defaultdict(set)
    for label in month.labels:
        told[label.transaction_id].add(label.label)
    assert all(len(truths) == 1 for truths in told.values())


def test_chargebacks_take_days_to_weeks_and_reviews_hours_to_days(crime_wave: Any) -> None:
    times = {order.transaction_id: order.event_time for order in crime_wave.orders}
    delays: dict[str, list[float]] = defaultdict(list)
    for label in crime_wave.labels:
        passed = label.labelled_at - times[label.transaction_id]
        delays[label.source].append(passed.total_seconds() / 86_400)
    chargebacks, reviews = sorted(delays["chargeback"]), sorted(delays["manual_review"])
    assert chargebacks[0] >= 2
    assert chargebacks[-1] <= 90
    assert chargebacks[len(chargebacks) // 2] == pytest.approx(12, rel=0.25)
    assert reviews[len(reviews) // 2] * 24 == pytest.approx(9, rel=0.35)
    assert reviews[0] > 0


def test_only_payments_that_went_through_are_charged_back(crime_wave: Any) -> None:
    orders = {order.transaction_id: order for order in crime_wave.orders}
    for label in crime_wave.labels:
        if label.source == "chargeback":
            order = orders[label.transaction_id]
            assert (order.transaction_type, order.transaction_status) == ("purchase", "approved")


def test_some_honest_orders_are_reviewed_too(month: Any) -> None:
    honest = [x for x in month.labels if x.source == "manual_review" and x.label == "legitimate"]
    assert len(honest) > 30
