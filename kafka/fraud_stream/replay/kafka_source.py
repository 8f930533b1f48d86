"""Messages of a stretch of Kafka's log, read beside the live consumer and without its group."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from fraud_core.errors import StreamError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_stream.consumer.batch import received_ms
from fraud_stream.replay.messages import Sent
from fraud_stream.replay.request import Request

ANSWER_SECONDS = 10.0
MOST_SILENCES = 6
"""So often in a row a broker may say nothing, not even that the log ends."""
POLL_ROWS = 500
GROUP = "fraud-replay"
"""A name that the client asks for; nothing is committed under it."""


def from_kafka(settings: Settings, request: Request) -> Iterator[Sent]:
    """Messages of the range by partitions. Raises StreamError when the log cannot be read.

    A range of time starts where the broker says that record times reach it, so orders that were
    produced long after they were placed are looked for by their own time by whoever reads on.
    Across partitions they are in no order of time: a scorer meets what lies in a later partition
    too late to count it as history.
    """
    topic = settings.kafka_topic_transactions
    client = settings.kafka_client(KafkaPart.REPLAY)
    try:
        with closing(_consumer(client)) as consumer:
            for partition, first, end in _stretches(consumer, topic, request):
                yield from _values(consumer, TopicPartition(topic, partition, first), end)
    except KafkaException as error:
        raise StreamError(
            f"topic {topic!r} cannot be read from the Kafka broker at "
            f"{client['bootstrap.servers']} ({error.args[0].str()}): run `fraud up`, or set "
            "KAFKA_BOOTSTRAP_SERVERS and what goes with it"
        ) from error


def _consumer(client: Mapping[str, str]) -> Consumer:
    return Consumer(
        {
            **client,
            "group.id": GROUP,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
            "log_level": 0,
        }
    )


def _stretches(consumer: Consumer, topic: str, request: Request) -> Iterator[tuple[int, int, int]]:
    """Partition, first offset and end of what is to be read."""
    found = consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic]
    if found.error is not None:
        raise StreamError(f"topic {topic!r} cannot be read: {found.error.str()}")
    for partition in sorted(found.partitions):
        place = TopicPartition(topic, partition)
        low, high = consumer.get_watermark_offsets(place, ANSWER_SECONDS)
        if request.offsets is None:
            yield partition, _offset_at(consumer, place, request.since, low, high), high
        elif partition == request.offsets.partition:
            asked = request.offsets
            if asked.first < low or asked.end > high:
                raise StreamError(
                    f"topic {topic!r}, partition {partition} has offsets {low} to {high}, asked "
                    f"for are {asked.first} to {asked.end}; older ones have expired"
                )
            yield partition, asked.first, asked.end


def _offset_at(
    consumer: Consumer, place: TopicPartition, since: datetime | None, low: int, high: int
) -> int:
    if since is None:
        return low
    milliseconds = int(since.timestamp() * 1000)
    asked = [TopicPartition(place.topic, place.partition, milliseconds)]
    (found,) = consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS)
    if found.error is not None:
        raise KafkaException(found.error)
    return high if found.offset < 0 else found.offset


def _values(consumer: Consumer, start: TopicPartition, end: int) -> Iterator[Sent]:
    if start.offset >= end:
        return
    consumer.assign([start])
    silences = 0
    while silences < MOST_SILENCES:
        records = consumer.consume(POLL_ROWS, ANSWER_SECONDS)
        silences = 0 if records else silences + 1
        for record in records:
            error: Any = record.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                return
            if error is not None:
                raise StreamError(f"topic {start.topic!r} cannot be read: {error.str()}")
            if (record.offset() or 0) >= end:
                return
            if (value := record.value()) is not None:
                yield Sent(value, received_ms(record), record.key())
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "it has gone silent"))
