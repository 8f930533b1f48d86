"""What the broker says of the topics that are read: which there are, where they begin and end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import (  # public in .admin, which hides them from types
    EarliestSpec,
    LatestSpec,
    OffsetSpec,
)

from fraud_core.errors import StreamError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_stream.consumer.batch import Partition, Positions

ANSWER_SECONDS = 10.0

GONE = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID, KafkaError._UNKNOWN_TOPIC)
"""Codes that say that there is no such topic."""


class TopicMissingError(StreamError):
    """There is no such topic, or not yet."""


class Log(NamedTuple):
    """The topics as the broker has them now; offsets below `first` have expired."""

    topic_ids: Mapping[str, str]
    first: Positions
    end: Positions


class KafkaLog:
    """Questions to the broker about a topic, and about others that may be missing."""

    def __init__(self, login: Mapping[str, str], topic: str, optional: Sequence[str] = ()) -> None:
        self._login = login
        self._topic = topic
        self._topics = [topic, *optional]
        self._admin = self._client()

    def look(self, timeout: float = ANSWER_SECONDS) -> Log:
        """Raises TopicMissingError when there is no such topic, KafkaException without a broker."""
        try:
            described = dict(self._described(timeout))
            partitions = [
                TopicPartition(topic, partition.id)
                for topic, description in described.items()
                for partition in description.partitions
            ]
            return Log(
                {topic: str(description.topic_id) for topic, description in described.items()},
                self._offsets(partitions, EarliestSpec(), timeout),
                self._offsets(partitions, LatestSpec(), timeout),
            )
        except KafkaException:
            self._admin = self._client()  # an old one keeps asking with an epoch that was lost
            raise

    def _client(self) -> AdminClient:
        return AdminClient({**self._login, "log_level": 0})

    def _described(self, timeout: float) -> Iterator[tuple[str, Any]]:
        answers = self._admin.describe_topics(
            TopicCollection(self._topics), request_timeout=timeout
        )
        for topic in self._topics:
            try:
                yield topic, answers[topic].result()
            except KafkaException as error:
                if error.args[0].code() not in GONE:
                    raise
                if topic == self._topic:
                    raise TopicMissingError(
                        f"there is no topic {topic!r}: `fraud produce` makes it, or name another "
                        "in KAFKA_TOPIC_TRANSACTIONS"
                    ) from error

    def _offsets(
        self, partitions: list[TopicPartition], which: OffsetSpec, timeout: float
    ) -> dict[Partition, int]:
        answers = self._admin.list_offsets(
            dict.fromkeys(partitions, which), request_timeout=timeout
        )
        found = {
            (partition.topic, partition.partition): answer.result().offset
            for partition, answer in answers.items()
        }
        if any(offset < 0 for offset in found.values()):  # an overloaded broker answers so
            raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
        return found


def stream_log(settings: Settings) -> KafkaLog:
    """The topic of orders, and that of labels as soon as there is one."""
    return KafkaLog(
        settings.kafka_client(KafkaPart.CONSUMER),
        settings.kafka_topic_transactions,
        optional=[settings.kafka_topic_labels],
    )
