"""The event contract: its schema is in step, and its required fields are the stated ones."""

import json

import msgspec
import pytest

from fraud_core.events import OrderEvent
from fraud_core.settings import REPOSITORY
from fraud_local.commands.schemas import order_event_schema, schema_file

SMALLEST = {
    "schema_version": 1,
    "transaction_id": "t-1",
    "customer_id": "c-1",
    "merchant_id": "m-1",
    "event_time": "2026-01-31T23:59:59+07:00",
    "amount": 12.34,
    "currency": "EUR",
    "payment_method": "card",
}


def test_committed_schema_is_that_of_the_code() -> None:
    committed = json.loads(schema_file(REPOSITORY).read_text())
    assert committed == json.loads(json.dumps(order_event_schema())), (
        "run `fraud schemas` and commit the result"
    )


def test_the_smallest_order_has_ids_time_money_and_payment_method_only() -> None:
    event = msgspec.convert(SMALLEST, OrderEvent, strict=True)
    assert event.amount == 12.34


@pytest.mark.parametrize("field", sorted(SMALLEST))
def test_each_required_field_is_required(field: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"missing required field `{field}`"):
        msgspec.convert({k: v for k, v in SMALLEST.items() if k != field}, OrderEvent)


def test_unknown_extra_field_is_allowed() -> None:
    assert msgspec.convert(SMALLEST | {"loyalty_tier": "gold"}, OrderEvent)


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="event_time"):
        msgspec.json.decode(
            json.dumps(SMALLEST | {"event_time": "2026-01-31T23:59:59"}), type=OrderEvent
        )


def test_the_contract_has_no_room_for_a_verdict() -> None:
    names = {field.name for field in msgspec.structs.fields(OrderEvent)}
    assert not {name for name in names if "fraud" in name or "score" in name or "label" in name}
