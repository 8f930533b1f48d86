"""The look at what landed last: what the client says besides of the log and of the broker."""

from collections.abc import Callable, Sequence

import pytest
from confluent_kafka import KafkaError, Message, TopicPartition

from fraud_core.errors import StreamError
from fraud_stream.consumer import last_landed
from fraud_stream.consumer.last_landed import check_last

PLACE = ("orders", 0)
LAST = Message(topic="orders", partition=0, offset=6, value=b"{}", timestamp=(1, 1_000))


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """At the message below offset 7, with this from the client, one answer after the other."""

    def look(*said: Message) -> None:
        rest = iter(said)

        class Client:
            def assign(self, _partitions: Sequence[TopicPartition]) -> None:
                pass

            def consume(self, _most: int, _seconds: float) -> list[Message]:
                return [next(rest)]

            def close(self) -> None:
                pass

        def client(_login: object, _fetching: object) -> Client:
            return Client()

        monkeypatch.setattr(last_landed, "client", client)
        check_last({}, {PLACE: 7}, {PLACE: 0}, {PLACE: 1_000}, lambda: None)

    return look


def test_another_message_than_landed_is_refused(look: Callable[..., None]) -> None:
    other = Message(topic="orders", partition=0, offset=6, value=b"{}", timestamp=(1, 1_001))
    with pytest.raises(StreamError, match=r"partition 0: .* at 7, but what stands at 6 is not"):
        look(other)


def test_trouble_of_no_partition_is_waited_out(look: Callable[..., None]) -> None:
    look(Message(error=KafkaError(KafkaError._ALL_BROKERS_DOWN)), LAST)


def test_a_message_that_expires_while_it_is_looked_for_is_not_missed(
    look: Callable[..., None],
) -> None:
    """The one to be read next is still there; whether it is, is for its reader to say."""
    expired = KafkaError(KafkaError._AUTO_OFFSET_RESET)
    look(Message(topic="orders", partition=0, offset=6, error=expired))
