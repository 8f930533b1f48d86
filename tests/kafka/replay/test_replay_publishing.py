"""Orders of the past on their way to a topic of their own, and Ctrl-C in between."""

import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import pytest

from fraud_core.events import OrderEvent
from fraud_core.settings import Settings
from fraud_stream.producer.publisher import Counts
from fraud_stream.replay import publishing
from fraud_stream.replay.messages import Message
from fraud_stream.replay.publishing import Sent, publish

TOPIC = "yesterday"
SETTINGS = Settings(kafka_bootstrap_servers="localhost:9")


class Memory:
    """Takes messages as Kafka would, and forgets them."""

    def __init__(self, _client: dict[str, Any]) -> None:
        self._counts = Counts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._counts.acknowledged = self._counts.sent

    def require_topic(self, topic: str, partitions: int) -> None:
        pass

    def counts(self, _topic: str) -> Counts:
        return self._counts

    def publish(self, _topic: str, messages: Sequence[tuple[bytes, bytes]]) -> None:
        self._counts.sent += len(messages)


def orders(press_before: int) -> Iterator[Message]:
    """Five of one moment; somebody presses Ctrl-C before one of them."""
    order = OrderEvent(
        schema_version=1,
        transaction_id="t-1",
        event_time=datetime(2026, 1, 5, tzinfo=UTC),
        customer_id="c-1",
        merchant_id="m-1",
        amount=1.0,
        currency="EUR",
        payment_method="card",
    )
    for number in range(5):
        if number == press_before:
            signal.raise_signal(signal.SIGINT)
        yield Message(b"c-1", b"{}", order)


@pytest.mark.parametrize("press_before", [0, 3])
def test_ctrl_c_ends_a_replay_with_the_count_of_what_was_sent(
    monkeypatch: pytest.MonkeyPatch, press_before: int
) -> None:
    monkeypatch.setattr(publishing, "Publisher", Memory)

    sent = publish(SETTINGS, orders(press_before), topic=TOPIC, speed=1.0)

    assert sent == Sent(
        topic=TOPIC,
        sent=press_before,
        acknowledged=press_before,
        failed=0,
        interrupted=True,
    )
