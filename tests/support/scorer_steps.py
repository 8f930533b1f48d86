"""Short histories that tests play to a scorer: orders and their labels, minutes apart."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.scoring.scorer import RuleScorer

MakeOrder = Callable[..., OrderEvent]
DAY = 24 * 60

STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 4, 5, 59, 60, 61, DAY, 7 * DAY, -1, -30, -2 * DAY]),
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.sampled_from(["approved", "declined"]),
        st.integers(1, 2000),
        st.sampled_from([None, True, False]),
    ),
    max_size=30,
)
Steps = list[tuple[int, str, str, str, int, bool | None]]
Stream = list[tuple[OrderEvent, bool | None]]


def stream(order: MakeOrder, steps: Steps) -> Stream:
    now, made = 0, []
    for minutes, customer, device, status, amount, fraud in steps:
        now += minutes
        fields: dict[str, Any] = {
            "customer_id": customer,
            "device_id": device,
            "card_fingerprint": f"k{customer}",
            "ip_address": f"10.0.0.{len(device)}",
            "transaction_status": status,
            "amount": float(amount),
        }
        made.append((order(now, **fields), fraud))
    return made


def label(event: OrderEvent, *, fraud: bool, source: str = "chargeback") -> LabelEvent:
    return msgspec.convert(
        {
            "transaction_id": event.transaction_id,
            "label": "fraud" if fraud else "legitimate",
            "source": source,
            "labelled_at": event.event_time + timedelta(minutes=3),
        },
        LabelEvent,
    )


def play(scorer: RuleScorer, orders: Stream) -> list[bytes]:
    """Encoded decisions, labels absorbed right after their orders."""
    decisions: list[bytes] = []
    for event, fraud in orders:
        decisions.append(msgspec.json.encode(scorer.score(event)))
        if fraud is not None:
            scorer.absorb_label(label(event, fraud=fraud), event)
    return decisions
