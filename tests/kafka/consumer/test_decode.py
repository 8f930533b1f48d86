"""Every malformed message is a rejection with its reason; what is let through can be landed."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fraud_core.events import OrderEvent
from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.rejection import Rejection

LIMIT = 10_000
RECEIVED = 1_767_225_600_000  # 2026-01-01T00:00:00Z

ORDER: dict[str, Any] = {
    "schema_version": 1,
    "transaction_id": "t-1",
    "customer_id": "c-1",
    "merchant_id": "m-1",
    "event_time": "2026-01-01T00:00:00Z",
    "amount": 12.34,
    "currency": "EUR",
    "payment_method": "card",
}


def order(**changes: Any) -> bytes:
    """The smallest order, changed; a field set to `...` is left out."""
    fields = {name: value for name, value in {**ORDER, **changes}.items() if value is not ...}
    return json.dumps(fields, ensure_ascii=False).encode()


def order_with(field: str, literal: bytes) -> bytes:
    """The smallest order with a field whose JSON is given as it stands."""
    head = order(**{field: ...})[:-1]
    return head + b', "%s": %s}' % (field.encode(), literal)


def reason_of(value: bytes | None, limit: int = LIMIT) -> str:
    found = decode(value, max_bytes=limit, received_ms=RECEIVED)
    return found.reason if isinstance(found, Rejection) else "ok"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, "tombstone", id="tombstone"),
        pytest.param(b"", "empty", id="no bytes"),
        pytest.param(b" \n\t", "not_json", id="white space"),
        pytest.param(b"\x8f\xc3\x28\xff", "encoding", id="random bytes"),
        pytest.param(
            order(customer_name="Zoé").decode().encode("latin-1"), "encoding", id="Latin-1"
        ),
        pytest.param(order_with("x", b'"\xc0\xaf"'), "encoding", id="overlong form, unknown field"),
        pytest.param(order().decode().encode("utf-16"), "encoding", id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + order(), "bom", id="byte-order mark"),
        pytest.param(b"\x1f\x8b\x08\x00\x00", "not_json", id="gzip"),
        pytest.param(b"\x00\x00\x00\x00\x01abc", "not_json", id="Avro"),
        pytest.param(b"x" * (LIMIT + 1), "too_large", id="one byte too large"),
        pytest.param(order()[:-5], "not_json", id="truncated"),
        pytest.param(order() + b" x", "not_json", id="trailing garbage"),
        pytest.param(order() + order(), "not_json", id="two documents"),
        pytest.param(b"{'a': 1}", "not_json", id="single quotes"),
        pytest.param(b'{"a": 1, // no\n"b": 2}', "not_json", id="comment"),
        pytest.param(order_with("amount", b"012"), "not_json", id="leading zero"),
        pytest.param(b"[]", "not_object", id="array"),
        pytest.param(b'"order"', "not_object", id="string"),
        pytest.param(b"null", "not_object", id="null"),
        pytest.param(order_with("x", b"[" * 100 + b"]" * 100), "too_deep", id="100 deep"),
        pytest.param(order_with("x", b"[" * 3_000 + b"]" * 3_000), "too_deep", id="3,000 deep"),
        pytest.param(order_with("amount", b"NaN"), "bad_number", id="NaN"),
        pytest.param(order_with("x", b"-Infinity"), "bad_number", id="-Infinity, unknown field"),
        pytest.param(order_with("amount", b"1e400"), "bad_number", id="1e400"),
        pytest.param(order_with("x", b"1e200000"), "bad_number", id="1e200000, unknown field"),
        pytest.param(order_with("x", b"-1.5E-99999"), "bad_number", id="1e-99999, unknown field"),
        pytest.param(order_with("x", b"9" * 5_000), "bad_number", id="5,000 digits, unknown field"),
        pytest.param(order(amount="NaN"), "wrong_type", id="the string NaN"),
        pytest.param(order(amount="12.34"), "wrong_type", id="amount as a string"),
        pytest.param(order(amount=True), "wrong_type", id="true as amount"),
        pytest.param(order(amount=0), "amount_range", id="zero"),
        pytest.param(order(amount=-0.0), "amount_range", id="minus zero"),
        pytest.param(order(amount=-5), "amount_range", id="negative purchase"),
        pytest.param(order(amount=10_000_000_000), "amount_range", id="10^10"),
        pytest.param(order(amount=0.005), "precision", id="half a cent"),
        pytest.param(order(amount=100.5, currency="JPY"), "precision", id="yen with decimals"),
        pytest.param(order_with("customer_name", b'"a\x00b"'), "not_json", id="raw NUL"),
        pytest.param(order_with("customer_name", b'"a\\u0000b"'), "nul", id="escaped NUL"),
        pytest.param(order_with("x", b'"a\\u0000b"'), "nul", id="escaped NUL, unknown field"),
        pytest.param(
            order_with("x", b'"\\ud800abcdef"'), "surrogate", id="lone surrogate, unknown"
        ),
        pytest.param(order(transaction_id="x" * 8_000), "too_long", id="id of 8 KB"),
        pytest.param(order(transaction_id=...), "missing_id", id="no id"),
        pytest.param(order(transaction_id=None), "missing_id", id="id is null"),
        pytest.param(order(transaction_id=""), "missing_id", id="id is empty"),
        pytest.param(order(transaction_id=7), "wrong_type", id="id is a number"),
        pytest.param(order(transaction_id={}), "wrong_type", id="id is an object"),
        pytest.param(order(customer_id=...), "missing_field", id="no customer"),
        pytest.param(order(customer_id=None), "missing_field", id="customer is null"),
        pytest.param(order(amount=...), "missing_field", id="no amount"),
        pytest.param(order(amount=None), "missing_field", id="amount is null"),
        pytest.param(order(currency="XXX"), "currency", id="unknown currency"),
        pytest.param(order(currency="eur"), "currency", id="lower-case currency"),
        pytest.param(order(items={}), "schema", id="items as an object"),
        pytest.param(order(items=[{"quantity": 1}]), "schema", id="item without product"),
        pytest.param(order(shipping={"country": "usa"}), "schema", id="three-letter country"),
        pytest.param(order(transaction_type="gift"), "schema", id="unknown kind"),
        pytest.param(order(event_time="2026-01-01T00:00:00"), "bad_time", id="no zone"),
        pytest.param(order(event_time="infinity"), "bad_time", id="infinity"),
        pytest.param(order(event_time="0000-01-01T00:00:00Z"), "bad_time", id="year 0"),
        pytest.param(order(event_time="294277-01-01T00:00:00Z"), "bad_time", id="year 294277"),
        pytest.param(order(event_time="2026-01-01T00:00:60Z"), "bad_time", id="second 60"),
        pytest.param(order(event_time="2026-01-01T24:00:00Z"), "bad_time", id="24:00"),
        pytest.param(
            order(event_time="9999-12-31T23:59:59-14:00"), "bad_time", id="year 10000 UTC"
        ),
        pytest.param(order(event_time="0001-01-01T00:00:00+14:00"), "bad_time", id="year 0 UTC"),
        pytest.param(order(event_time="2026-01-01T00:00:00+16:00"), "bad_time", id="offset 16 h"),
        pytest.param(
            order(account_created_at="9999-01-01T00:00:00Z"), "bad_time", id="account in 9999"
        ),
        pytest.param(
            order(password_changed_at="2026-01-01T00:00:00-23:59"), "bad_time", id="password -23:59"
        ),
        pytest.param(order(event_time=1_767_225_600), "wrong_type", id="epoch seconds"),
        pytest.param(order(event_time="2026-01-02T00:00:00Z"), "future", id="a day ahead"),
        pytest.param(order(schema_version=2), "schema_version", id="newer version"),
        pytest.param(b'{"schema_version": 2}', "schema_version", id="newer version, other fields"),
        pytest.param(order(schema_version=...), "schema", id="no version"),
    ],
)
def test_bad_message_is_rejected_for_its_reason(value: bytes | None, reason: str) -> None:
    assert reason_of(value) == reason


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(order(), id="smallest order"),
        pytest.param(order().ljust(LIMIT), id="exactly at the limit"),
        pytest.param(order(x={"y": [1, {"z": None}]}), id="unknown fields"),
        pytest.param(
            order(items=[{"product_id": "p", "quantity": 1, "unit_price": 12.34, "x": 1}]),
            id="unknown field of an item",
        ),
        pytest.param(order_with("x", b"[" + b"{}," * 200 + b"{}]"), id="wide, but not deep"),
        pytest.param(order(x="9e99999 and 1" + "0" * 2_000), id="digits in a string"),
        pytest.param(order_with("customer_name", b'"\\\\u0000"'), id="a backslash before u0000"),
        pytest.param(order_with("customer_name", b'"\\ud83d\\ude00"'), id="a whole surrogate pair"),
        pytest.param(order(customer_name="Зоя 😀 \"'; drop table {{7*7}}"), id="any text"),
        pytest.param(order(event_time="2026-01-01T00:05:00Z"), id="five minutes ahead"),
        pytest.param(order(event_time="2025-10-26T02:30:00+01:00"), id="an ambiguous local hour"),
        pytest.param(order(event_time="2026-01-01T00:00:00+14:00"), id="the largest offset in use"),
        pytest.param(order(amount=-5, transaction_type="refund"), id="negative refund"),
        pytest.param(order(amount=100, currency="JPY"), id="whole yen"),
    ],
)
def test_good_message_is_an_order(value: bytes) -> None:
    assert isinstance(decode(value, max_bytes=LIMIT, received_ms=RECEIVED), OrderEvent)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"card_country": "XK"}, id="a country code of its own"),
        pytest.param({"card_bin": "411111"}, id="digits"),
        pytest.param({"shipping": {"country": "DE"}, "items": []}, id="parts"),
        pytest.param({"x": 1}, id="unknown field"),
    ],
)
def test_the_quick_way_and_the_full_one_find_the_same_order(changes: dict[str, Any]) -> None:
    found = decode(order(**changes), max_bytes=LIMIT)
    assert isinstance(found, OrderEvent)
    full = msgspec.json.decode(order(**changes), type=OrderEvent)
    assert msgspec.to_builtins(found) == msgspec.to_builtins(full)


@pytest.mark.parametrize("digits", ["41111", "41111x", "٤١١١١١"])
def test_a_card_bin_must_be_ascii_digits(digits: str) -> None:
    assert reason_of(order(card_bin=digits)) == "schema"


def test_without_any_time_to_compare_with_nothing_is_too_far_ahead() -> None:
    late = order(event_time="2030-01-01T00:00:00Z")
    assert isinstance(decode(late, max_bytes=LIMIT, received_ms=None), OrderEvent)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "1"}, "amount"),
        ({"merchant_id": ...}, "merchant_id"),
        ({"billing": {"latitude": 91}}, "billing.latitude"),
        ({"currency": "XXX"}, "currency"),
        ({"schema_version": 3}, "schema_version"),
    ],
)
def test_detail_names_the_field(changes: dict[str, Any], field: str) -> None:
    found = decode(order(**changes), max_bytes=LIMIT)
    assert isinstance(found, Rejection)
    assert found.detail.startswith(f"{field}: ")


@pytest.mark.parametrize("field", ["transaction_type", "customer_email", "card_bin"])
def test_detail_never_repeats_a_value(field: str) -> None:
    found = decode(order(**{field: "secret" * 200}), max_bytes=LIMIT)
    assert isinstance(found, Rejection)
    assert "secret" not in found.detail


@given(st.binary(max_size=200))
@example(b"{")
def test_any_bytes_are_an_order_or_a_rejection(value: bytes) -> None:
    assert isinstance(decode(value, max_bytes=LIMIT), OrderEvent | Rejection)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from([*OrderEvent.__struct_fields__, "unknown"]), JSON)
def test_any_value_in_any_field_is_an_order_or_a_rejection(field: str, value: Any) -> None:
    message = json.dumps({**ORDER, field: value}, ensure_ascii=True).encode()
    found = decode(message, max_bytes=LIMIT)
    if isinstance(found, OrderEvent):
        assert msgspec.json.decode(message, type=OrderEvent).amount == found.amount
