"""What the publisher itself has to say of a message, and of a topic that it is to make."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from fraud_core.errors import StreamError
from fraud_stream.producer import publisher as publishing
from fraud_stream.producer.publisher import QUEUE_KBYTES, Publisher


def failed(size: int) -> int:
    """Of one message of that size, when nobody listens at the broker's address."""
    publisher = Publisher({"bootstrap.servers": "127.0.0.1:1"})
    publisher.publish("topic", [(b"key", bytes(size))])
    return publisher.counts("topic").failed


def require_topic(
    monkeypatch: pytest.MonkeyPatch, *, listed: int | None = None, made: int | None = None
) -> None:
    """Of a broker that answers both questions with an error of that code, or with none."""

    class Admin:
        def __init__(self, _client: Any) -> None: ...

        def list_topics(self, **_within: float) -> Any:
            if listed is not None:
                raise KafkaException(KafkaError(listed))
            return SimpleNamespace(topics={})

        def create_topics(self, _topics: Any) -> dict[str, Future[None]]:
            answer = Future[None]()
            if made is not None:
                answer.set_exception(KafkaException(KafkaError(made)))
            else:
                answer.set_result(None)
            return {"orders": answer}

    monkeypatch.setattr(publishing, "AdminClient", Admin)
    Publisher({"bootstrap.servers": "127.0.0.1:1"}).require_topic("orders", 3)


def test_how_large_a_message_may_be_is_left_to_its_topic() -> None:
    assert failed(1_000_001) == 0


def test_a_message_that_never_fits_the_queue_fails_and_is_not_waited_for() -> None:
    assert failed(QUEUE_KBYTES * 1024 + 1) == 1


def test_a_broker_that_does_not_answer_is_said_with_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(StreamError, match=r"no Kafka broker answers at 127\.0\.0\.1:1.*`fraud up`"):
        require_topic(monkeypatch, listed=KafkaError._TRANSPORT)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "Topic authorization failed"),
        (KafkaError.TOPIC_EXCEPTION, "Invalid topic"),
        (KafkaError.POLICY_VIOLATION, "Policy violation"),
    ],
)
def test_a_topic_that_the_broker_refuses_is_said_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, code: int, why: str
) -> None:
    with pytest.raises(StreamError, match=rf"refuses to make topic 'orders' \(.*{why}") as told:
        require_topic(monkeypatch, made=code)
    assert "`fraud topics`" in str(told.value)
    assert "`fraud up`" not in str(told.value)


@pytest.mark.parametrize("made", [None, KafkaError.TOPIC_ALREADY_EXISTS])
def test_a_topic_that_came_to_be_meanwhile_is_as_good_as_one_made_here(
    monkeypatch: pytest.MonkeyPatch, made: int | None
) -> None:
    require_topic(monkeypatch, made=made)
