"""Trouble on purpose: repeated sends, broken messages and disorder, and nothing lost."""

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.producer.batch import Batch
from fraud_stream.producer.disorder import Disorder
from fraud_stream.producer.malformed import MALFORMATIONS, Malformation

SECOND = 1000


@pytest.fixture
def calm(month: Any) -> Batch:
    orders = list(zip(month.keys, month.values, strict=True))[:3_000]
    at = [round(order.event_time.timestamp() * 1000) for order in month.orders[:3_000]]
    return Batch(at=at, orders=orders, labels=[])


def troubled(calm: Batch, *, duplicates: float = 0, broken: float = 0, shuffle: int = 0) -> Batch:
    trouble = Disorder(1, duplicates=duplicates, broken=broken, shuffle=shuffle)
    whole = Batch(at=[], orders=[], labels=[])
    for batch in trouble.apply([calm]):
        whole.at += batch.at
        whole.orders += batch.orders
        whole.kinds += batch.kinds
    return whole


def test_repeated_sends_are_the_same_bytes_and_counted(calm: Batch) -> None:
    mixed = troubled(calm, duplicates=0.1)
    assert mixed.kinds.count("duplicate") == pytest.approx(300, abs=60)
    assert len(mixed.orders) == len(calm.orders) + mixed.kinds.count("duplicate")
    assert set(mixed.orders) == set(calm.orders)


def test_broken_messages_are_added_and_every_order_is_still_there(calm: Batch) -> None:
    mixed = troubled(calm, broken=0.1)
    assert mixed.kinds.count("malformed") == pytest.approx(300, abs=60)
    assert len(mixed.orders) == len(calm.orders) + mixed.kinds.count("malformed")
    assert set(calm.orders) <= set(mixed.orders)


def test_disorder_delays_by_no_more_than_asked(calm: Batch) -> None:
    mixed = troubled(calm, shuffle=600 * SECOND)
    assert sorted(mixed.at) == calm.at
    assert mixed.at != calm.at
    latest, worst = 0, 0
    for at in mixed.at:
        latest = max(latest, at)
        worst = max(worst, latest - at)
    assert 0 < worst <= 600 * SECOND


def test_the_same_seed_makes_the_same_trouble(calm: Batch) -> None:
    first, second = (
        troubled(calm, duplicates=0.05, broken=0.05, shuffle=60 * SECOND) for _ in range(2)
    )
    assert first == second


def of_a_file(_good: bytes) -> bytes:
    """Nothing but what an order must have."""
    return (
        b'{"schema_version":1,"transaction_id":"t1","customer_id":"c","merchant_id":"m",'
        b'"event_time":"2023-01-05T08:00:00Z","amount":12.5,"currency":"EUR",'
        b'"payment_method":"card"}'
    )


def refunded(good: bytes) -> bytes:
    return re.sub(rb'"transaction_type":"[a-z]*"', b'"transaction_type":"refund"', good)


@pytest.mark.parametrize("made", [bytes, refunded, of_a_file])
@pytest.mark.parametrize("way", MALFORMATIONS, ids=lambda way: way.name)
def test_the_consumer_names_what_was_broken(
    way: Malformation, made: Callable[[bytes], bytes], month: Any
) -> None:
    good = made(next(value for value in month.values if b'"customer_name"' in value))
    received = 1_704_067_200_000
    broken = way.apply(good, Random(1))
    outcome = decode(broken, max_bytes=1_000_000, received_ms=received, key=way.key)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == way.reason
