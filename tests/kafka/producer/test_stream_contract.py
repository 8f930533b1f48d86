"""Every simulated order keeps the contract, adds up, and holds nothing that looks like a card."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import jsonschema
import msgspec
import pytest

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.settings import REPOSITORY
from fraud_local.commands.schemas import label_schema_file, schema_file
from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.rejection import Rejection

CARD_LIKE = re.compile(rb"\d(?:[ -]?\d){12,18}")


def luhn(digits: bytes) -> bool:
    numbers = [int(digit) for digit in reversed(re.sub(rb"\D", b"", digits).decode())]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def test_every_order_satisfies_the_published_json_schema(month: Any, crime_wave: Any) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schema_file(REPOSITORY).read_text()))
    for value in (*month.values[::200], *crime_wave.values[::80]):
        validator.validate(json.loads(value))


def test_every_label_satisfies_the_published_json_schema(month: Any) -> None:
    schema = json.loads(label_schema_file(REPOSITORY).read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for label in month.labels[::5]:
        validator.validate(json.loads(msgspec.json.encode(label)))


def test_the_consumer_takes_every_order(month: Any, crime_wave: Any) -> None:
    decoded = (decode(v, max_bytes=1_000_000) for v in (*month.values, *crime_wave.values))
    assert not [order for order in decoded if isinstance(order, Rejection)]


def test_orders_are_keyed_by_their_customer(month: Any) -> None:
    assert month.keys == [order.customer_id.encode() for order in month.orders]


def test_there_are_exactly_as_many_orders_as_asked_for_each_with_an_id_of_its_own(
    month: Any,
) -> None:
    assert len({order.transaction_id for order in month.orders}) == len(month.orders) == 20_000


def test_orders_come_in_order_of_time(month: Any) -> None:
    times = [order.event_time for order in month.orders]
    assert times == sorted(times)


def test_lines_less_the_discount_are_the_amount(month: Any, crime_wave: Any) -> None:
    for order in (*month.orders, *crime_wave.orders):
        lines = sum(Decimal(str(item.unit_price)) * item.quantity for item in order.items)
        discount = Decimal(str(order.discount_amount or 0))
        assert lines - discount == Decimal(str(order.amount)), order.transaction_id


def test_no_amount_has_more_decimals_than_its_currency(month: Any) -> None:
    for order in month.orders:
        exponent = Decimal(str(order.amount)).normalize().as_tuple().exponent
        assert isinstance(exponent, int)
        assert -exponent <= MINOR_UNIT_DIGITS[order.currency]


def test_nothing_in_an_order_could_be_taken_for_a_card_number(month: Any, crime_wave: Any) -> None:
    for value in (*month.values, *crime_wave.values):
        for run in CARD_LIKE.findall(value):
            # Coordinates have many digits, but a point among them.
            assert not luhn(run), run


@pytest.mark.parametrize("what", ["account_created_at", "password_changed_at"])
def test_what_happened_to_an_account_happened_before_its_order(month: Any, what: str) -> None:
    late = [
        order
        for order in month.orders
        if (at := getattr(order, what)) and at > order.event_time + timedelta(seconds=1)
    ]
    assert not late
