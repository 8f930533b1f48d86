"""Streams of a few tens of thousands of orders, made once and looked at by many tests."""

from typing import Any

import msgspec
import pytest

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.producer.attacks import ATTACKS
from fraud_stream.producer.lookalikes import LOOKALIKES
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream

START = 1_704_067_200_000
"""2024-01-01, in milliseconds."""


class Told(msgspec.Struct, frozen=True):
    """A whole stream: messages as sent, decoded, and what was told of them."""

    keys: list[bytes]
    values: list[bytes]
    orders: list[OrderEvent]
    labels: list[LabelEvent]

    def with_truth(self, *, fraud: bool) -> list[dict[str, Any]]:
        """Orders as plain data; fraud are those of attacks, the others are of everybody else."""
        attacks = {
            label.transaction_id
            for label in self.labels
            if label.source == "injected" and label.label == "fraud"
        }
        return [
            msgspec.json.decode(value)
            for value, order in zip(self.values, self.orders, strict=True)
            if (order.transaction_id in attacks) is fraud
        ]


def tell(orders: int, *, seed: int, attacks: str = "all") -> Told:
    """The stream of these arguments, in full."""
    stream = Stream(seed=seed, orders=orders, start=START, rates=scenario_rates(attacks))
    messages: list[Any] = []
    labels: list[Any] = []
    for batch in stream.batches():
        messages += batch.orders
        labels += batch.labels
    labels += stream.late_labels()
    return Told(
        keys=[key for key, _ in messages],
        values=[value for _, value in messages],
        orders=[msgspec.json.decode(value, type=OrderEvent) for _, value in messages],
        labels=[msgspec.json.decode(value, type=LabelEvent) for _, value in labels],
    )


@pytest.fixture(scope="session")
def month() -> Told:
    """Twenty thousand orders with all attacks at their own rates: about a month."""
    return tell(20_000, seed=11)


@pytest.fixture(scope="session")
def crime_wave() -> Told:
    """Eight thousand orders, a fifth of them fraud, in which every story is told at least once."""
    shares = dict.fromkeys(ATTACKS, 0.022) | dict.fromkeys(LOOKALIKES, 0.015)
    wish = ",".join(f"{scenario.name}={share}" for scenario, share in shares.items())
    return tell(8_000, seed=12, attacks=wish)
