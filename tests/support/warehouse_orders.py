"""Orders and labels for the warehouse's tests: plain ones, and random ones of few customers."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

Order = dict[str, Any]
Label = tuple[str, str, str, str | None, datetime]
"""Order's id, label, source, reason, and when it became known."""

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_SENT = "as_sent"
"""Key of an order under which a test gives the message's text itself."""

AS_DECIDED = "as_decided"
"""Key of an order under which a test gives the decision itself, as the scorer's JSON."""

HISTORIES = int(os.environ.get("WAREHOUSE_HISTORIES", "2"))
"""How many random histories the tests grow; `make warehouse-histories` asks for more."""

ORDERS = int(os.environ.get("WAREHOUSE_ORDERS", "3000"))
"""Orders of the stream whose sums are compared; `make warehouse-sums` asks for a million."""

_HERE = {"country": "DE", "city": "Bonn", "postal_code": "53 111", "latitude": 50.7, "longitude": 7}
_THERE = {"country": "FR", "city": "Lyon", "latitude": 45.76, "longitude": 4.83}

ONE_OF_EACH: dict[str, list[Any]] = {
    "customer_email": ["a.b@example.org", "ab+shop@example.org", "b@example.org"],
    "customer_phone": ["+49 30 1", "+49 30 2"],
    "customer_name": ["Ann", "Bob"],
    "customer_country": ["DE", "FR", "JP"],
    "account_created_at": ["2025-01-01T00:00:00Z", "2025-06-01T12:30:00.25+02:00"],
    "password_changed_at": ["2026-02-01T00:00:00-05:00"],
    "is_guest": [True, False],
    "failed_login_attempts": [0, 3],
    "device_id": ["d1", "d2", "d3"],
    "device_type": ["phone", "desktop"],
    "device_os": ["android", "linux"],
    "browser": ["firefox", "safari"],
    "browser_fingerprint": ["f1", "f2"],
    "ip_address": [
        *("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"),
        *(" 192.0.2.1", "192.0.2.1:443", "::ffff:192.0.2.2", "[2001:db8::1%eth0]:443", "unknown"),
    ],
    "ip_country": ["DE", "FR"],
    "ip_latitude": [50.7],
    "ip_longitude": [7.1, -70.25],
    "card_fingerprint": ["k1", "k2", "k3"],
    "card_bin": ["411111", "555555", "30000000"],
    "card_country": ["DE", "US"],
    "merchant_owner_id": ["o1", "o2", "c1"],
    "merchant_category": ["shoes", "books"],
    "merchant_country": ["IT", "NL"],
    "transaction_type": ["purchase", "purchase", "refund"],
    "transaction_status": ["approved", "declined", "pending"],
    "decline_code": ["05"],
    "voucher_code": ["SPRING", "SUMMER"],
    "promotion_id": ["campaign-1", "campaign-2"],
    "discount_amount": [0.05, 1],
    "session_id": ["s1", "s2"],
    "shipping": [_HERE, _THERE, {"country": "IT"}],
    "billing": [_HERE, _THERE],
    "items": [
        [{"product_id": "p", "quantity": 1, "unit_price": 2.5}],
        [{"product_id": "p", "quantity": 1, "unit_price": 8.40336}],
        [
            {"product_id": "q", "quantity": 3, "unit_price": 0.1, "category": "pens"},
            {"product_id": "p", "quantity": 2, "unit_price": 2.45},
        ],
    ],
}
"""Optional fields, each with values that an order of a random history may carry."""


def plain_order(**fields: Any) -> Order:
    """A plain order with a new id; keywords add or replace fields."""
    plain = {
        "schema_version": 1,
        "transaction_id": uuid4().hex,
        "customer_id": "c1",
        "merchant_id": "m1",
        "event_time": START.isoformat(),
        "amount": 10.1,
        "currency": "EUR",
        "payment_method": "card",
    }
    return {**plain, **fields}


def random_orders(random: Random) -> list[Order]:
    """A batch of few customers' orders: times out of order and often equal, fields often absent."""
    return [_random_order(random) for _ in range(random.randint(0, 25))]


def _random_order(random: Random) -> Order:
    optional = {
        name: random.choice(values) for name, values in ONE_OF_EACH.items() if random.random() < 0.4
    }
    sign = random.choice([1, -1]) if optional.get("transaction_type") == "refund" else 1
    at = START + timedelta(hours=random.randint(-60, 60))
    offset = timedelta(hours=random.choice([0, 0, 9, -5]))
    sent = (at + offset).isoformat().replace("+00:00", _as_offset(offset))
    return plain_order(
        transaction_id=f"{random.getrandbits(64):016x}",
        customer_id=random.choice(["c1", "c2", "c3", "c4", "c5", "guest@example.org"]),
        merchant_id=f"m{random.randint(1, 3)}",
        event_time=sent,
        amount=sign * random.randint(1, 99_999) / 100,
        currency=random.choice(["EUR", "USD", "JPY", "XCD"]),
        payment_method=random.choice(["card", "paypal", "PayPal"]),
        **optional,
    )


def _as_offset(offset: timedelta) -> str:
    hours = int(offset.total_seconds()) // 3600
    return f"{hours:+03d}:00"


def random_labels(random: Random, orders: Iterable[Order]) -> list[Label]:
    """What is learned of some of `orders`, and of one that nobody knows: often again or late."""
    known = [order["transaction_id"] for order in orders]
    if not known:
        return []
    told = random.choices([*known, "unknown"], k=random.randint(0, 12))
    return [
        (
            transaction_id,
            random.choice(["fraud", "legitimate"]),
            random.choice(["chargeback", "manual_review", "injected"]),
            random.choice([None, "card_testing"]),
            START + timedelta(days=random.randint(0, 40), hours=random.randint(0, 2)),
        )
        for transaction_id in told
    ]
