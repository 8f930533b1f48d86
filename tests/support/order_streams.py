"""Streams of orders and labels for property tests: few entities, few times, ties and disorder."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from fraud_core.events import LabelEvent, OrderEvent

START = datetime(2026, 3, 2, tzinfo=UTC)
SHARED_PLACES = [(52.5, 13.4), (48.1, 11.6), (-33.9, 151.2), (0.0, 179.9), (None, None)]


@st.composite
def orders(draw: st.DrawFn) -> OrderEvent:
    """An order among few entities, at few times, so that windows fill up and times tie."""
    few = st.one_of(st.none(), st.sampled_from(["a", "b"]))
    steps = [0, 1, 299, 300, 301, 3599, 3600, 86_400, 90_000, 7 * 86_400, 29 * 86_400, 31 * 86_400]
    seconds = draw(st.sampled_from(steps)) + draw(st.sampled_from(steps)) + draw(st.integers(0, 3))
    place = draw(st.sampled_from(SHARED_PLACES))
    values: dict[str, Any] = {
        "schema_version": 1,
        "transaction_id": "t",
        "customer_id": draw(st.sampled_from(["a", "b"])),
        "merchant_id": draw(st.sampled_from(["a", "b"])),
        "event_time": START + timedelta(seconds=seconds),
        "amount": draw(st.integers(1, 999)) / 100,
        "currency": draw(st.sampled_from(["EUR", "EUR", "USD"])),
        "payment_method": "card",
        "transaction_status": draw(st.sampled_from([None, "approved", "declined"])),
        "transaction_type": draw(st.sampled_from([None, "purchase", "refund"])),
        "device_id": draw(few),
        "card_fingerprint": draw(few),
        "voucher_code": draw(few),
        "merchant_owner_id": draw(few),
        "merchant_category": draw(few),
        "ip_address": draw(
            st.sampled_from([None, "10.0.0.1", "10.0.0.1:1", "2001:db8::1", "2001:db8::2", "-"])
        ),
        "customer_email": draw(st.sampled_from([None, "a.b@x.org", "AB+1@x.org", "c@x.org"])),
        "ip_latitude": place[0],
        "ip_longitude": place[1],
        "shipping": draw(st.sampled_from([None, {"latitude": 1.0, "longitude": 2.0}])),
    }
    return msgspec.convert(values, OrderEvent)


def label_of(event: OrderEvent, *, fraud: bool) -> LabelEvent:
    """The chargeback, or its absence, a day after the order."""
    return LabelEvent(
        transaction_id=event.transaction_id,
        label="fraud" if fraud else "legitimate",
        source="chargeback",
        labelled_at=event.event_time + timedelta(days=1),
    )


Stream = list[tuple[OrderEvent, bool | None]]
STREAM = st.lists(st.tuples(orders(), st.sampled_from([None, None, True, False])), max_size=40)
"""Orders, each with whether it turns out to be fraud a day later, or None."""
