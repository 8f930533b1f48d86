"""What a sender takes a broker's refusals to be about, and what it leaves to the broker to say."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from confluent_kafka import KafkaError

from fraud_stream.consumer.waiting import WaitingEndedError
from fraud_stream.delivery import sender
from fraud_stream.delivery.outgoing import Outgoing
from fraud_stream.delivery.sender import Sender

LIMIT = 100

Report = Callable[[KafkaError | None, None], None]


class Batching:
    """Answers as a broker does: all that came together is one batch, taken or refused as one."""

    def __init__(self, _configuration: Mapping[str, Any]) -> None:
        self._batch: list[tuple[bytes, Report]] = []

    def produce(
        self, _topic: str, value: bytes, _key: bytes, *, headers: Any, on_delivery: Report
    ) -> None:
        del headers
        self._batch.append((value, on_delivery))

    def flush(self, _seconds: float) -> int:
        batch, self._batch = self._batch, []
        is_large = sum(len(value) for value, _ in batch) > LIMIT
        for _, report in batch:
            report(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE) if is_large else None, None)
        return 0


def refused(*sizes: int) -> list[int]:
    messages = [Outgoing(key=b"c-1", value=b"x" * size, headers={}) for size in sizes]
    found = Sender({}).send("topic", messages, lambda: False).too_large
    return [len(message.value or b"") for message in found]


@pytest.mark.parametrize(
    ("sizes", "too_large"),
    [
        ((60, 60, 60), []),
        ((10, 101, 20), [101]),
        ((101, 10, 102), [101, 102]),
        ((101,), [101]),
        ((10, 20), []),
    ],
)
def test_a_message_is_too_large_when_it_is_refused_alone(
    monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...], too_large: list[int]
) -> None:
    monkeypatch.setattr(sender, "Producer", Batching)
    assert refused(*sizes) == too_large


def test_the_client_refuses_no_size_that_a_topic_may_allow() -> None:
    message = Outgoing(key=None, value=bytes(2_000_000), headers={})
    with pytest.raises(WaitingEndedError):  # queued for a broker that is not there
        Sender({"bootstrap.servers": "127.0.0.1:1"}).send("topic", [message], lambda: True)
