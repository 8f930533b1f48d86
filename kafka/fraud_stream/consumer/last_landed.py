"""Whether the log still holds what landed last, or other messages in its place.

A broker that lost the end of its log, as by a power cut, gives the same offsets to what comes next.
With enough of that the stored offset is within the log again; whoever went on there would never
read the messages below it. The topic's id does not tell: it is the same topic.
"""

import time
from collections.abc import Callable, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_stream.consumer.batch import Partition, Positions, received_ms
from fraud_stream.consumer.careful import ONE_KAFKA_BATCH_AT_A_TIME
from fraud_stream.consumer.forms import microseconds
from fraud_stream.consumer.log import ANSWER_SECONDS
from fraud_stream.consumer.source import (
    OUT_OF_RANGE,
    client,
    end_was_lost,
    offset_of,
    partition_of,
    require_readable,
)

LOOK_SECONDS = 0.1

NOT_THERE = (KafkaError._PARTITION_EOF, *OUT_OF_RANGE)
"""Codes for an offset that may have expired since the log was looked at."""


def times_of_last(cursor: Cursor, stored: Positions) -> dict[Partition, int]:
    """When the message just below each offset was stamped, in milliseconds since 1970.

    Partitions of which it is not known are left out: a transaction's marker stands there, what
    landed is no longer kept, or the message was never read.
    """
    places = sorted(stored.items())
    cursor.execute(
        _TIMES,
        (
            [topic for (topic, _), _ in places],
            [number for (_, number), _ in places],
            [offset - 1 for _, offset in places],
        ),
    )
    return {
        (topic, number): microseconds(received_at) // 1000
        for topic, number, received_at in cursor.fetchall()
    }


def check_last(
    login: Mapping[str, str],
    stored: Positions,
    first: Positions,
    landed_ms: Mapping[Partition, int],
    keep: Callable[[], None],
) -> None:
    """Look at the message just below each stored offset, where the broker still has it.

    `keep` is called while waiting. Raises StreamError when another one than landed stands there,
    KafkaException without an answer.
    """
    asked = {place: stored[place] - 1 for place in landed_ms if first[place] < stored[place]}
    if not asked:
        return
    consumer = client(login, ONE_KAFKA_BATCH_AT_A_TIME)
    try:
        for place, found_ms in _times_at(consumer, asked, keep).items():
            if found_ms not in (None, landed_ms[place]):
                other = f"what stands at {asked[place]} is not the message that landed"
                raise end_was_lost(place, stored[place], other)
    finally:
        consumer.close()


def _times_at(
    consumer: Consumer, asked: Positions, keep: Callable[[], None]
) -> dict[Partition, int | None]:
    """When the messages at these offsets were stamped, None for what has no time or is not seen."""
    consumer.assign([TopicPartition(*place, offset) for place, offset in asked.items()])
    found: dict[Partition, int | None] = {}
    until = time.monotonic() + ANSWER_SECONDS
    while len(found) < len(asked):
        keep()
        if time.monotonic() > until:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        for message in consumer.consume(len(asked), LOOK_SECONDS):
            place, error = partition_of(message), message.error()
            if error is not None and error.code() not in NOT_THERE:
                require_readable(message, error, asked.get(place))
            elif place not in found:
                is_it = error is None and offset_of(message) == asked[place]
                found[place] = received_ms(message) if is_it else None
    return found


_TIMES = """
select place.topic, place.kafka_partition, landed.received_at
from unnest(%s::text[], %s::integer[], %s::bigint[]) as place (topic, kafka_partition, kafka_offset)
cross join lateral (
    select received_at from raw.transactions_stream as kept
    where
        kept.topic = place.topic
        and kept.kafka_partition = place.kafka_partition
        and kept.kafka_offset = place.kafka_offset
    union all
    select received_at from raw.transaction_labels as kept
    where
        kept.topic = place.topic
        and kept.kafka_partition = place.kafka_partition
        and kept.kafka_offset = place.kafka_offset
    union all
    select received_at from raw.duplicate_transactions as kept
    where
        kept.topic = place.topic
        and kept.kafka_partition = place.kafka_partition
        and kept.kafka_offset = place.kafka_offset
    union all
    select received_at from raw.dead_letters as kept
    where
        kept.topic = place.topic
        and kept.kafka_partition = place.kafka_partition
        and kept.kafka_offset = place.kafka_offset
) as landed
where landed.received_at is not null
"""
