"""Produce orders onto Kafka: generation on one side, the publisher on the other."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice

import msgspec

from fraud_core.settings import Settings
from fraud_stream.producer.publisher import Publisher
from fraud_stream.producer.simple import SimpleMarket

CHUNK = 500


class ProduceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did; `produced == acknowledged + failed`."""

    produced: int
    acknowledged: int
    failed: int
    errors: dict[str, int]
    seed: int
    interrupted: bool = False


def produce_orders(
    settings: Settings,
    *,
    orders: int,
    seed: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> ProduceSummary:
    """Publish `orders` simulated orders; Ctrl-C ends it early, flushed and reported.

    Without a seed each run is a new one. `progress` is told how many more were sent.
    """
    seed = secrets.randbits(32) if seed is None else seed
    interrupted = False
    with Publisher(settings.bootstrap_servers()) as publisher:
        topic = settings.kafka_topic_transactions
        publisher.require_topic(topic, settings.kafka_partitions)
        try:
            messages = _messages(seed, orders)
            while chunk := list(islice(messages, CHUNK)):
                publisher.publish(topic, chunk)
                progress(len(chunk))
        except KeyboardInterrupt:
            interrupted = True
    return ProduceSummary(
        produced=publisher.sent,
        acknowledged=publisher.acknowledged,
        failed=publisher.failed,
        errors=dict(publisher.errors),
        seed=seed,
        interrupted=interrupted,
    )


def _messages(seed: int, orders: int) -> Iterator[tuple[bytes, bytes]]:
    encoder = msgspec.json.Encoder()
    for event in SimpleMarket(seed, orders).orders(orders, datetime.now(UTC)):
        yield event.customer_id.encode(), encoder.encode(event)
