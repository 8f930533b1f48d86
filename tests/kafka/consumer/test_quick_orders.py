"""What the quick look lets pass is what the careful one lets pass, and never more."""

from typing import Any

import pytest
from bad_input import LIMIT, order
from confluent_kafka import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutations

from fraud_core.events import OrderEvent
from fraud_stream.consumer import triage
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.ids import ORDER_IDS
from fraud_stream.consumer.known_order import decode_known
from fraud_stream.consumer.quick import quick_orders as never

compiled: Any = pytest.importorskip(
    "fraud_stream.consumer._core", reason="installed without a C compiler"
)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
RECEIVED = 1_767_225_600_000
"""When the orders of `bad_input.order` take place."""
TERMS = Terms("labels", LIMIT, RECEIVED)
SAMPLES = 4_000


def record(value: bytes | None, key: bytes | None = None, received: int = RECEIVED) -> Message:
    return Message(
        topic="orders", partition=0, offset=0, key=key, value=value, timestamp=(1, received)
    )


def outcomes(records: list[Message], quick: Any) -> list[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(triage, "quick_orders", quick)
        found = triage.decoded(records, TERMS)
    return [event for _, event in found]


def quickly(*records: Any, decode: Any = decode_known) -> Any:
    return compiled.quick_orders(decode, records, TERMS)


def test_damaged_orders_end_the_same_with_and_without_it() -> None:
    damaged = [record(value, key) for key, value in mutations(21, SAMPLES)]
    assert outcomes(damaged, compiled.quick_orders) == outcomes(damaged, never)


ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "product_id": st.sampled_from(["p", "p\u00e9", "p\u200b"]),
            "quantity": st.integers(1, 3),
            "unit_price": st.sampled_from([0, 0.01, 1, 6.17, 12.34, 1e9]),
        }
    ),
    max_size=3,
)
TIMES = st.sampled_from(
    [
        "2026-01-01T00:59:59.999Z",
        "2026-01-01T01:00:00Z",
        "2026-01-01T01:00:00.000001Z",
        "2026-01-01T15:59:59+15:59",
        "2026-01-01T16:00:00+16:00",
        "1999-12-31T23:59:59.999999Z",
        "2000-01-01T00:00:00Z",
        "0001-12-31T00:00:00Z",
        "9999-01-01T00:00:00Z",
    ]
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "schema_version": st.sampled_from([0, 1, 2, 2**70]),
    "amount": st.sampled_from([-12.34, 0, 0.001, 0.01, 12.34, 37.02, 9_999_999_999.99, 1e10]),
    "currency": st.sampled_from(["EUR", "JPY", "KWD", "XXX", "eur"]),
    "items": ITEMS,
    "discount_amount": st.sampled_from([0, 0.01, 12.34, 1e10]),
    "transaction_type": st.sampled_from(["purchase", "refund"]),
    "event_time": TIMES,
    "account_created_at": TIMES,
    "password_changed_at": TIMES,
    "card_bin": st.sampled_from(["411111", "41111x", "\u0664\u0661\u0661\u0661\u0661\u0661"]),
    "customer_name": st.sampled_from(
        ["Zo\u00e9", "a\u00a0b", "4111\u20111111", "a\x7fb", "a\\b", "\uff14.\u2019"]
    ),
    "device_id": st.sampled_from(["d", "d\u00e9", "de\u0301", "d\u200b", "d\x7f"]),
    "unknown": st.just(1),
}
CHANGE = st.sampled_from(list(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name]))
CHANGES = st.lists(CHANGE, max_size=2).map(dict)
"""Few, because the first fault that is found hides all others."""
LINES = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, 7, 40, 2_147_483_647]),
        st.sampled_from([0, 0.01, 0.001, 0.005, 0.335, 1.0005, 19.99, 99_999_999.99, 1e10]),
    ),
    min_size=1,
    max_size=5,
)
FULL_WIDTH = "".join(chr(0xFF10 + int(digit)) for digit in "4111111111111111")
ARABIC_INDIC = "".join(chr(0x660 + int(digit)) for digit in "4111111111111111")
KEYS = st.sampled_from([None, b"c-1", b"c-2", b"", "c-\u00e9".encode()])


@UNHURRIED
@given(CHANGES, KEYS, st.sampled_from([0, RECEIVED, -1, 2**62]))
def test_whatever_is_odd_about_an_order_it_ends_the_same(
    changes: dict[str, Any], key: bytes | None, received: int
) -> None:
    odd = [record(order("t", **changes), key, received)]
    assert outcomes(odd, compiled.quick_orders) == outcomes(odd, never)


def line(product_id: str = "p", unit_price: float = 12.34) -> dict[str, Any]:
    return {"product_id": product_id, "quantity": 1, "unit_price": unit_price}


def sized(size: int) -> bytes:
    """An order of so many bytes, none of them a digit more than usual."""
    return order("t").ljust(size, b"\n")


ONE_CHANGE = {
    "another version": order("t", schema_version=2),
    "an id that hides a character": order("t", voucher_code="v\u200b"),
    "an id with a DEL": order("t", session_id="s\x7f"),
    "a product id in two forms": order("t", items=[line("pe\u0301")]),
    "a product id that hides a character": order("t", items=[line("p"), line("p\u200b", 0)]),
    "a product id with a DEL": order("t", items=[line("p\x7f")]),
    "a card number": order("t", customer_name="4111 1111 1111 1111"),
    "a card number in disguise": order("t", customer_name="4111\u00a01111\u00a01111\u00a01111"),
    "a card number set apart by dots": order("t", customer_name="4111.1111.1111.1111"),
    "a card number in full width": order("t", customer_name=FULL_WIDTH),
    "a card number in another script": order("t", customer_name=ARABIC_INDIC),
    "a card number with DELs": order("t", customer_name="4111\x7f1111\x7f1111\x7f1111"),
    "a BIN of other digits": order("t", card_bin="\u0664\u0661\u0661\u0661\u0661\u0661"),
    "a BIN with a letter": order("t", card_bin="41111x"),
    "a time just in the allowed future": order("t", event_time="2026-01-01T01:00:00Z"),
    "a time some microseconds beyond": order("t", event_time="2026-01-01T01:00:00.000999Z"),
    "a time a millisecond beyond": order("t", event_time="2026-01-01T01:00:00.001Z"),
    "the oldest time": order("t", event_time="2000-01-01T00:00:00Z"),
    "a time just older": order("t", event_time="1999-12-31T23:59:59.999999Z"),
    "an offset that is too large": order("t", event_time="2026-01-01T16:00:00+16:00"),
    "an offset that is too small": order("t", event_time="2025-12-31T08:00:00-16:00"),
    "an account too old to keep": order("t", account_created_at="0001-12-31T00:00:00Z"),
    "an account of a time to come": order("t", account_created_at="9999-01-01T00:00:00Z"),
    "a password too old to keep": order("t", password_changed_at="0001-12-31T00:00:00Z"),
    "a password with an offset": order("t", password_changed_at="2025-06-01T00:00:00+16:00"),
    "as many bytes as may be": sized(LIMIT),
    "one byte more": sized(LIMIT + 1),
    "no amount": order("t", amount=0),
    "a negative amount": order("t", amount=-12.34),
    "a negative refund": order("t", amount=-12.34, transaction_type="refund"),
    "the largest amount": order("t", amount=9_999_999_999.99),
    "an amount just larger": order("t", amount=10_000_000_000),
    "an amount of too many decimals": order("t", amount=12.345),
    "a currency without decimals": order("t", currency="JPY"),
    "a currency with three": order("t", amount=12.345, currency="KWD"),
    "items that cost a cent less": order("t", items=[line(unit_price=12.33)]),
    "items that cost more": order("t", items=[line(unit_price=12.36)]),
    "items that cost less": order("t", items=[line(unit_price=12.32)]),
    "a part refunded": order("t", items=[line(unit_price=20)], transaction_type="refund"),
    "items less a discount": order("t", items=[line(unit_price=20)], discount_amount=7.66),
    "a discount that is too large": order("t", items=[line()], discount_amount=1),
    "an unknown field": order("t", unknown=1),
    "a field twice": order("t")[:-1] + b',"amount":1}',
}


@pytest.mark.parametrize("value", ONE_CHANGE.values(), ids=list(ONE_CHANGE))
def test_one_change_alone_ends_the_same(value: bytes) -> None:
    changed = [record(value, b"c-1")]
    assert outcomes(changed, compiled.quick_orders) == outcomes(changed, never)


@pytest.mark.parametrize("name", ORDER_IDS)
def test_an_odd_id_alone_ends_the_same(name: str) -> None:
    changed = [record(order(**{"transaction_id": "t", name: "e\u0301"}))]
    assert outcomes(changed, compiled.quick_orders) == outcomes(changed, never)


@pytest.mark.parametrize("key", [None, b"c-1", b"c-", b"c-2", b"c-11", b""])
def test_a_key_alone_ends_the_same(key: bytes | None) -> None:
    keyed = [record(order("t"), key)]
    assert outcomes(keyed, compiled.quick_orders) == outcomes(keyed, never)


@UNHURRIED
@given(
    LINES,
    st.sampled_from([0, 0.335, 12.34]),
    st.integers(-25, 25).map(lambda units: units / 2),
    st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)]),
    st.sampled_from(["purchase", "refund"]),
)
def test_items_that_nearly_add_up_end_the_same(
    lines: list[tuple[int, float]],
    discount: float,
    units_off: float,
    currency: tuple[str, int],
    kind: str,
) -> None:
    code, digits = currency
    total = sum(quantity * price for quantity, price in lines) - discount
    changes = {
        "items": [{"product_id": "p", "quantity": q, "unit_price": price} for q, price in lines],
        "amount": round(total + units_off / 10**digits, digits),
        "discount_amount": discount,
        "currency": code,
        "transaction_type": kind,
    }
    odd = [record(order("t", **changes))]
    assert outcomes(odd, compiled.quick_orders) == outcomes(odd, never)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customer_name": "Zo\u00e9 M\u00fcller"},
        {"items": [{"product_id": "p", "quantity": 2, "unit_price": 6.17}]},
        {"event_time": "2026-01-01T03:00:00+03:00", "account_created_at": "2020-01-01T00:00:00Z"},
        {"items": [{"product_id": "p", "quantity": 3, "unit_price": 4.115}]},
        {"items": [{"product_id": "p", "quantity": 1, "unit_price": 6.17}] * 2},
        {"amount": 37.02, "discount_amount": 1, "transaction_type": "purchase"},
    ],
)
def test_an_ordinary_order_passes_at_once(changes: dict[str, Any]) -> None:
    (found,) = quickly(record(order("t", **changes), b"c-1"))
    assert isinstance(found, OrderEvent)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (order("t", amount=0.001), None),
        (order("t", items=[{"product_id": "p", "quantity": 2, "unit_price": 6.18}]), None),
        (order("t", customer_name="a\\b"), None),
        (order("t", customer_name="1234567890123"), None),
        (order("t", device_id="d\u00e9"), None),
        (order("t", unknown=1), None),
        (order("t", customer_name="n" * LIMIT), None),
        (order("t"), b"c-2"),
        (b"{}", None),
        (b"", None),
        (None, None),
    ],
)
def test_what_is_not_certain_is_left_to_the_careful_look(
    value: bytes | None, key: bytes | None
) -> None:
    good = record(order("good"), b"c-1")
    before, found, after = quickly(good, record(value, key), good)
    assert (isinstance(before, OrderEvent), found, before) == (True, None, after)


def test_a_message_on_the_topic_of_labels_is_no_order() -> None:
    label = Message(topic="labels", partition=0, offset=0, value=order("t"))
    assert quickly(label) == [None]


def test_an_error_that_is_no_fault_of_the_message_is_raised() -> None:
    def interrupted(_: bytes) -> OrderEvent:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quickly(record(order("t")), decode=interrupted)
    with pytest.raises(AttributeError):
        quickly("text")
    with pytest.raises(TypeError):
        compiled.quick_orders(decode_known, 1, TERMS)
