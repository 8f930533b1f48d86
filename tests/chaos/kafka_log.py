"""What the broker holds in the end, read back without anything of the consumer's."""

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, Message, TopicPartition

from tests.chaos.publishing import Coordinate
from tests.chaos.services import StuckError
from tests.chaos.traffic import NUMBER_HEADER

_PATIENCE_SECONDS = 60.0


def numbers_in_log(bootstrap_servers: str, topics: list[str]) -> dict[Coordinate, int]:
    """For every message there is, the number that it was published under."""
    return {
        (message.topic() or "", message.partition() or 0, message.offset() or 0): _number(message)
        for message in messages_in_log(bootstrap_servers, topics)
    }


def messages_in_log(bootstrap_servers: str, topics: list[str]) -> Iterator[Message]:
    """Every message that is there now. Raises StuckError when the broker stops delivering."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "chaos-reads-back",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
        }
    )
    try:
        left = _assign(consumer, topics)
        since = time.monotonic()
        while left:
            if time.monotonic() - since > _PATIENCE_SECONDS:
                raise StuckError(f"cannot read back {left}")
            for message in consumer.consume(1_000, 0.2):
                since = time.monotonic()
                if error := message.error():
                    raise StuckError(f"cannot read back: {error.str()}")
                yield message
                place = (message.topic() or "", message.partition() or 0)
                if (message.offset() or 0) + 1 >= left.get(place, 0):
                    left.pop(place, None)
    finally:
        consumer.close()


def _assign(consumer: Consumer, topics: list[str]) -> dict[tuple[str, int], int]:
    """Reading from the first offsets on; the ends of the partitions that hold something."""
    known = consumer.list_topics(timeout=_PATIENCE_SECONDS).topics
    left: dict[tuple[str, int], int] = {}
    starts: list[TopicPartition] = []
    for topic in topics:
        for partition in known[topic].partitions if topic in known else ():
            first, end = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=_PATIENCE_SECONDS
            )
            if end > first:
                left[topic, partition] = end
                starts.append(TopicPartition(topic, partition, first))
    consumer.assign(starts)
    return left


def _number(message: Message) -> int:
    headers = message.headers() or []
    value = next(value for name, value in headers if name == NUMBER_HEADER)
    return int(value or b"-1")
