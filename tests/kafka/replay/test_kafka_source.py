"""A broker that does not answer a replay, at whichever question."""

from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from landing_support import START

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_stream.replay import kafka_source
from fraud_stream.replay.kafka_source import from_kafka
from fraud_stream.replay.request import Request

SETTINGS = Settings().model_copy(
    update={"kafka_bootstrap_servers": "127.0.0.1:1", "kafka_topic_transactions": "orders"}
)
AWAY = KafkaError(KafkaError._TIMED_OUT, "broker 7 is away")
NAMED = r"topic 'orders' .* 127\.0\.0\.1:1 \(broker 7 is away\).*`fraud up`"


class Answering:
    """A client whose broker answers every question with an empty partition, and notes the end."""

    closed = 0

    def __init__(self, _options: Any) -> None: ...

    def list_topics(self, topic: str, **_within: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def get_watermark_offsets(self, _place: Any, _timeout: float) -> tuple[int, int]:
        return 0, 0

    def offsets_for_times(self, asked: list[Any], **_within: float) -> list[Any]:
        return [TopicPartition(place.topic, place.partition, 0) for place in asked]

    def close(self) -> None:
        type(self).closed += 1


def read() -> list[Any]:
    return list(from_kafka(SETTINGS, Request(source="kafka", since=START)))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> type[Answering]:
    class Client(Answering):
        pass

    monkeypatch.setattr(kafka_source, "Consumer", Client)
    return Client


def test_an_empty_log_has_no_messages(client: type[Answering]) -> None:
    assert read() == []
    assert client.closed == 1


@pytest.mark.parametrize("question", ["list_topics", "get_watermark_offsets", "offsets_for_times"])
def test_a_broker_that_does_not_answer_is_said_with_topic_and_address(
    monkeypatch: pytest.MonkeyPatch, client: type[Answering], question: str
) -> None:
    def away(*_arguments: Any, **_named: Any) -> None:
        raise KafkaException(AWAY)

    monkeypatch.setattr(client, question, away)
    with pytest.raises(StreamError, match=NAMED):
        read()
    assert client.closed == 1


def test_a_partition_without_an_answer_is_not_taken_for_empty(
    monkeypatch: pytest.MonkeyPatch, client: type[Answering]
) -> None:
    def unknown(*_arguments: Any, **_named: Any) -> list[Any]:
        return [SimpleNamespace(offset=-1001, error=AWAY)]

    monkeypatch.setattr(client, "offsets_for_times", unknown)
    with pytest.raises(StreamError, match=NAMED):
        read()


def test_a_broker_that_goes_silent_in_the_middle_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch, client: type[Answering]
) -> None:
    asked: list[float] = []

    def silent(_self: Any, _rows: int, timeout: float) -> list[Any]:
        asked.append(timeout)
        return []

    monkeypatch.setattr(client, "get_watermark_offsets", Mock(return_value=(0, 10)))
    monkeypatch.setattr(client, "assign", Mock(), raising=False)
    monkeypatch.setattr(client, "consume", silent, raising=False)
    with pytest.raises(StreamError, match=r"'orders' .*it has gone silent"):
        read()
    assert len(asked) == kafka_source.MOST_SILENCES
    assert client.closed == 1
