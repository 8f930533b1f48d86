"""What the quick look lets pass is what the careful one lets pass, and never more."""

from typing import Any

import pytest
from bad_input import LIMIT, order
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutations

from fraud_core.events import OLDEST_EVENT, OrderEvent
from fraud_stream.consumer import decode as decoding
from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.known_order import decode_known
from fraud_stream.consumer.quick import quick_order as never

compiled: Any = pytest.importorskip(
    "fraud_stream.consumer._core", reason="installed without a C compiler"
)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
RECEIVED = 1_767_225_600_000
"""When the orders of `bad_input.order` take place."""
SAMPLES = 4_000


def outcome(value: bytes | None, quick: Any, **given: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "quick_order", quick)
        return decode(value, max_bytes=LIMIT, **given)


def quickly(value: bytes, key: bytes | None = None, received: int | None = RECEIVED) -> Any:
    return compiled.quick_order(decode_known, value, received, key, OLDEST_EVENT)


def test_damaged_orders_end_the_same_with_and_without_it() -> None:
    for key, value in mutations(21, SAMPLES):
        given = {"key": key, "received_ms": RECEIVED}
        assert outcome(value, compiled.quick_order, **given) == outcome(value, never, **given)


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
CHANGES = st.fixed_dictionaries(
    {},
    optional={
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
            ["Zo\u00e9", "a\u00a0b", "4111\u20111111", "a\x7fb", "a\\b"]
        ),
        "device_id": st.sampled_from(["d", "d\u00e9", "de\u0301", "d\u200b", "d\x7f"]),
        "unknown": st.just(1),
    },
)
KEYS = st.sampled_from([None, b"c-1", b"c-2", b"", "c-\u00e9".encode()])


@UNHURRIED
@given(CHANGES, KEYS, st.sampled_from([None, 0, RECEIVED, -1, 2**62]))
def test_whatever_is_odd_about_an_order_it_ends_the_same(
    changes: dict[str, Any], key: bytes | None, received: int | None
) -> None:
    value, given = order("t", **changes), {"key": key, "received_ms": received}
    assert outcome(value, compiled.quick_order, **given) == outcome(value, never, **given)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"customer_name": "Zo\u00e9 M\u00fcller"},
        {"items": [{"product_id": "p", "quantity": 2, "unit_price": 6.17}]},
        {"event_time": "2026-01-01T03:00:00+03:00", "account_created_at": "2020-01-01T00:00:00Z"},
        {"amount": 37.02, "discount_amount": 1, "transaction_type": "purchase"},
    ],
)
def test_an_ordinary_order_passes_at_once(changes: dict[str, Any]) -> None:
    assert isinstance(quickly(order("t", **changes), key=b"c-1"), OrderEvent)


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (order("t", amount=0.001), None),
        (order("t", customer_name="a\\b"), None),
        (order("t", customer_name="1234567890123"), None),
        (order("t", device_id="d\u00e9"), None),
        (order("t", unknown=1), None),
        (order("t"), b"c-2"),
        (b"{}", None),
        (b"", None),
    ],
)
def test_what_is_not_certain_is_left_to_the_careful_look(value: bytes, key: bytes | None) -> None:
    assert quickly(value, key) is None


def test_an_error_that_is_no_fault_of_the_message_is_raised() -> None:
    def interrupted(_: bytes) -> OrderEvent:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compiled.quick_order(interrupted, order("t"), None, None, OLDEST_EVENT)
    with pytest.raises(TypeError):
        compiled.quick_order(decode_known, "text", None, None, OLDEST_EVENT)
