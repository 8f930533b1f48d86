"""Send orders of the past again, to the topic for replays and to no other."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from fraud_core.errors import ReplayError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_stream.producer.interruption import until_interrupted
from fraud_stream.producer.publisher import Publisher
from fraud_stream.producer.timing import Pace
from fraud_stream.replay.messages import Message


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker said; `sent == acknowledged + failed`."""

    topic: str
    sent: int
    acknowledged: int
    failed: int
    interrupted: bool = False


def publish(
    settings: Settings, messages: Iterable[Message], *, topic: str, speed: float | None
) -> Sent:
    """Send at `speed` seconds of event time a second, or as fast as it goes. Ctrl-C ends it early.

    Raises ReplayError for a topic that the live platform reads or writes.
    """
    if topic in settings.topics.live:
        raise ReplayError(
            f"{topic} is a topic of the live stream; a replay goes to one of its own, such as "
            f"{settings.kafka_topic_replay}"
        )
    pace, waiting = Pace(speed=speed), iter(messages)
    client = settings.kafka_client(KafkaPart.REPLAY)
    with until_interrupted() as interrupted, Publisher(client) as publisher:
        publisher.require_topic(topic, settings.kafka_partitions)
        counts = publisher.counts(topic)
        while part := list(islice(waiting, pace.slice)):
            pace.wait(0, int(part[0].at.timestamp() * 1000), interrupted)
            if interrupted():
                break
            publisher.publish(topic, [(message.key, message.value) for message in part])
    return Sent(
        topic=topic,
        sent=counts.sent,
        acknowledged=counts.acknowledged,
        failed=counts.failed,
        interrupted=interrupted(),
    )
