"""Random damage through a real broker into a real Postgres: nothing crashes, nothing is missed.

`make mutations` runs 100,000; MUTATIONS and MUTATIONS_SEED say how many and which.
"""

import os
from collections import Counter
from collections.abc import Iterable

import pytest
from confluent_kafka import Producer
from landing_support import PATIENCE_SECONDS, Ledger
from mutations import Message, mutations

from fraud_core.settings import Settings
from fraud_stream.consumer.catch_up import until_caught_up

pytestmark = pytest.mark.integration

FEW = 3_000
BATCH = 20_000


def test_each_mutation_ends_in_one_table_and_what_landed_can_be_read(
    stream_settings: Settings, ledger: Ledger
) -> None:
    count = int(os.environ.get("MUTATIONS", FEW))
    seed = int(os.environ.get("MUTATIONS_SEED", "1"))
    for start in range(0, count, BATCH):
        publish(stream_settings, mutations(seed, min(BATCH, count - start), start))
        until_caught_up(stream_settings)
    assert len(set(ledger.coordinates())) == len(ledger.coordinates()) == count
    landed = ledger.landed()
    casts = (
        "select count(payload::jsonb), count((payload::jsonb ->> 'amount')::numeric), "
        "count((payload::jsonb ->> 'event_time')::timestamptz) from raw.transactions_stream"
    )
    assert ledger.rows(casts) == [(landed, landed, landed)]
    report(ledger, seed, count, landed)


def publish(settings: Settings, messages: Iterable[Message]) -> None:
    producer = Producer(
        {"bootstrap.servers": settings.bootstrap_servers(), "enable.idempotence": True}
    )
    for number, (key, value) in enumerate(messages):
        partition = number % settings.kafka_partitions
        producer.produce(settings.kafka_topic_transactions, value, key, partition=partition)
        if not number % 1_000:
            producer.poll(0)
    assert not producer.flush(PATIENCE_SECONDS)


def report(ledger: Ledger, seed: int, count: int, landed: int) -> None:
    """Shown by `pytest -s`, and by `make mutations`."""
    reasons = Counter(dict(ledger.rows("select reason, count(*) from raw.dead_letters group by 1")))
    duplicates = count - landed - reasons.total()
    print(f"\n{count:,} mutations, seed {seed}: {landed:,} landed, {duplicates:,} duplicates")  # noqa: T201 - the report
    for reason, dead in reasons.most_common():
        print(f"  {dead:>7,} {reason}")  # noqa: T201 - the report
