"""Items add up, times are within the limits, and both limits are where they are said to be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bad_input import order

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.decode import decode, decode_label
from fraud_stream.consumer.rejection import Rejection


def reason(value: bytes, **options: Any) -> str:
    found = decode(value, max_bytes=1_000_000, **options)
    return found.reason if isinstance(found, Rejection) else "ok"


def item(price: float, quantity: int = 1) -> dict[str, Any]:
    return {"product_id": "p", "quantity": quantity, "unit_price": price}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"items": [item(5, 2), item(2.5)], "amount": 12.5}, "ok"),
        ({"items": [item(5, 2), item(2.5)], "amount": 12.51}, "ok"),
        ({"items": [item(5, 2), item(2.5)], "amount": 12.52}, "inconsistent"),
        ({"items": [item(5, 2), item(2.5)], "amount": 12.49}, "ok"),
        ({"items": [item(5, 2), item(2.5)], "amount": 12.48}, "inconsistent"),
        ({"items": [item(0.01)] * 100, "amount": 1}, "ok"),
        ({"items": [item(0.01)] * 100, "amount": 2}, "inconsistent"),
        ({"items": [item(0)] * 1_000, "amount": 10}, "inconsistent"),
        ({"items": [item(1e9)], "amount": 1e9 + 0.5}, "inconsistent"),
        ({"items": [item(1e9)], "amount": 1e9 + 0.01}, "ok"),
        ({"items": [item(0.335, 3)], "amount": 1.01}, "ok"),
        ({"items": [item(0.335, 3)], "amount": 1.02}, "ok"),
        ({"items": [item(0.335, 3)], "amount": 1.04}, "inconsistent"),
        ({"items": [item(0.33)] * 3, "amount": 1.01}, "inconsistent"),
        ({"items": [item(1.0005, 2)], "amount": 2.001, "currency": "KWD"}, "ok"),
        ({"items": [item(10)], "discount_amount": 0.335, "amount": 9.67}, "ok"),
        ({"items": [item(10)], "discount_amount": 0.335, "amount": 9.68}, "inconsistent"),
        ({"items": [item(1e10, 2_147_483_647)], "amount": 5}, "inconsistent"),
        ({"items": [item(1e10, 2_147_483_647)], "amount": 5, "transaction_type": "refund"}, "ok"),
        ({"items": [item(10)], "discount_amount": 2.5, "amount": 7.5}, "ok"),
        ({"items": [item(10)], "discount_amount": 2.5, "amount": 10}, "inconsistent"),
        ({"items": [item(10)], "amount": -10, "transaction_type": "refund"}, "ok"),
        ({"items": [item(10)], "amount": 4, "transaction_type": "refund"}, "ok"),
        ({"items": [item(10)], "amount": 14, "transaction_type": "refund"}, "inconsistent"),
        ({"items": [item(333)], "amount": 334, "currency": "JPY"}, "ok"),
        ({"items": [item(333)], "amount": 335, "currency": "JPY"}, "inconsistent"),
        ({"items": [item(0.001)], "amount": 9_999_999_999.99}, "inconsistent"),
        ({"items": [], "amount": 5}, "ok"),
    ],
)
def test_items_add_up_to_a_minor_unit_in_all(changes: dict[str, Any], expected: str) -> None:
    assert reason(order("t", **changes)) == expected


def test_large_amounts_of_many_lines_are_added_up_exactly() -> None:
    lines, total = [item(99_999_999.99)] * 90, round(99_999_999.99 * 90, 2)
    assert reason(order("t", items=lines, amount=total)) == "ok"
    assert reason(order("t", items=lines, amount=total + 0.02)) == "inconsistent"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("1999-12-31T23:59:59Z", "ancient"),
        ("2000-01-01T00:00:00Z", "ok"),
        ("2000-01-01T01:00:00+02:00", "ancient"),
    ],
)
def test_orders_from_before_the_oldest_time_are_not_taken(at: str, expected: str) -> None:
    assert reason(order("t", event_time=at)) == expected


def test_the_oldest_time_can_be_set_back_to_replay_a_longer_past() -> None:
    old = order("t", event_time="1971-06-01T00:00:00Z")
    assert reason(old, oldest=datetime(1970, 1, 1, tzinfo=UTC)) == "ok"


def test_an_account_may_be_older_than_any_order() -> None:
    assert reason(order("t", account_created_at="1998-01-01T00:00:00Z")) == "ok"


def test_a_key_twice_is_found_beside_commas_in_texts_and_fields_that_are_null() -> None:
    good = order("t", customer_name="O'Neil, J.", billing=None, items=[])
    assert isinstance(decode(good, max_bytes=10_000), OrderEvent)
    assert reason(good[:-1] + b',"billing":null}') == "duplicate_key"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (b'"labelled_at":"9999-12-31T23:59:59Z"', "bad_time"),
        (b'"labelled_at":"2026-01-01T00:00:00Z","x":"\\u0000"', "nul"),
        (b'"labelled_at":"2026-01-01T00:00:00Z","labelled_at":"2026-01-01T00:00:00Z"',
         "duplicate_key"),
    ],
)  # fmt: skip
def test_a_label_is_looked_at_as_closely_as_an_order(change: bytes, expected: str) -> None:
    value = b'{"transaction_id":"t","label":"fraud","source":"injected",%b}' % change
    found = decode_label(value, max_bytes=1_000)
    assert isinstance(found, Rejection)
    assert found.reason == expected


@pytest.mark.parametrize(("days", "is_taken"), [(-4_000, True), (366, True), (367, False)])
def test_a_label_may_be_sent_a_year_before_it_counts(days: int, is_taken: bool) -> None:
    """One of the next century would outdo every later one."""
    received = datetime(2026, 3, 1, tzinfo=UTC)
    at = (received + timedelta(days=days)).isoformat()
    value = b'{"transaction_id":"t","label":"fraud","source":"chargeback","labelled_at":"%b"}'
    found = decode_label(
        value % at.encode(), max_bytes=1_000, received_ms=round(received.timestamp() * 1000)
    )
    assert isinstance(found, LabelEvent) is is_taken
    assert is_taken or (isinstance(found, Rejection) and found.reason == "future")
