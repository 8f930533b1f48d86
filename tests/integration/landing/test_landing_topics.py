"""A log that is not what the stored offsets say stops the consumer, with a way out."""

import signal
from collections.abc import Callable

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewPartitions
from landing_support import (
    PATIENCE_SECONDS,
    Ledger,
    Publish,
    StartConsumer,
    eventually,
    order,
)
from snapshot_support import PublishLabel

from fraud_core.errors import StreamError
from fraud_core.settings import Settings
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.consumer.log import stream_log
from fraud_stream.consumer.waiting import patiently

pytestmark = pytest.mark.integration


@pytest.fixture
def admin(stream_settings: Settings) -> AdminClient:
    return AdminClient({"bootstrap.servers": stream_settings.bootstrap_servers()})


@pytest.fixture
def make_again(stream_settings: Settings, admin: AdminClient) -> Callable[[], None]:
    """Delete the topic and make one of the same name."""
    topic = stream_settings.kafka_topic_transactions

    def make() -> None:
        admin.delete_topics([topic])[topic].result()
        eventually("the topic is gone", lambda: topic not in admin.list_topics().topics)
        make_topics(stream_settings.bootstrap_servers(), [topic], 6)

    return make


@pytest.fixture
def add_partition(stream_settings: Settings, admin: AdminClient) -> Callable[[], int]:
    """Give the topic one more partition and return its number."""
    topic, count = stream_settings.kafka_topic_transactions, stream_settings.kafka_partitions + 1

    def add() -> int:
        admin.create_partitions([NewPartitions(topic, count)])[topic].result()
        eventually(
            "the partition is there",
            lambda: len(admin.list_topics(topic).topics[topic].partitions) == count,
        )
        return count - 1

    return add


def test_a_topic_that_was_made_again_is_refused(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    make_again: Callable[[], None],
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    make_again()
    publish([(0, order(2)), (0, order(3))])
    topic = stream_settings.kafka_topic_transactions
    with pytest.raises(StreamError, match=f"{topic}.* made again.*KAFKA_TOPIC_TRANSACTIONS"):
        until_caught_up(stream_settings)
    assert ledger.landed() == 1


def test_a_topic_of_labels_that_was_deleted_is_noticed_at_a_start(
    stream_settings: Settings,
    publish: Publish,
    publish_label: PublishLabel,
    admin: AdminClient,
    ledger: Ledger,
) -> None:
    publish([(0, order(1))])
    publish_label(1)
    labels = stream_settings.kafka_topic_labels
    admin.delete_topics([labels])[labels].result()
    eventually("the topic is gone", lambda: labels not in admin.list_topics().topics)
    publish([(0, order(2))])
    with pytest.raises(StreamError, match=f"'{labels}'.* at 1, .*deleted.*KAFKA_TOPIC_LABELS"):
        until_caught_up(stream_settings)
    assert ledger.landed() == 1


@pytest.fixture
def lose_the_end(
    stream_settings: Settings, ledger: Ledger, make_again: Callable[[], None]
) -> Callable[[], None]:
    """Have the broker forget what has landed, as after a power cut: the topic keeps its id."""

    def lose() -> None:
        make_again()
        topic = stream_settings.kafka_topic_transactions
        look = stream_log(stream_settings).look
        ids = patiently(look, stopped=lambda: False, worth=lambda _: True).topic_ids
        ledger.rows("update raw.stream_offsets set topic_id = %s returning 1", ids[topic])

    return lose


@pytest.mark.parametrize("last", [order(2), order(1), b"no order"], ids=["order", "again", "bad"])
def test_a_log_whose_end_was_lost_is_not_read_beyond_new_messages(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    lose_the_end: Callable[[], None],
    last: bytes,
) -> None:
    """The stored offset is within the log again, and what is below it was never read."""
    publish([(0, order(1)), (0, last)])
    assert until_caught_up(stream_settings).landed == ledger.landed()
    before = ledger.landed()
    lose_the_end()
    publish((0, order(n)) for n in range(3, 7))
    with pytest.raises(StreamError, match=r"partition 0: .* at 2, but .*KAFKA_TOPIC_TRANSACTIONS"):
        until_caught_up(stream_settings)
    assert ledger.landed() == before


def test_labels_whose_log_lost_its_end_are_not_read_beyond_new_ones(
    stream_settings: Settings, publish: Publish, publish_label: PublishLabel, ledger: Ledger
) -> None:
    publish([(0, order(1))])
    publish_label(1)
    earlier = "update raw.transaction_labels set received_at = received_at - interval '1 ms'"
    ledger.rows(f"{earlier} returning 1")
    with pytest.raises(StreamError, match=f"'{stream_settings.kafka_topic_labels}', partition 0"):
        publish_label(1)


def test_a_log_that_ends_before_what_has_landed_is_noticed_with_nothing_left_to_read(
    stream_settings: Settings, publish: Publish, lose_the_end: Callable[[], None]
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    lose_the_end()
    with pytest.raises(StreamError, match=r"partition 0: .* at 1, but the broker has 0 to 0"):
        until_caught_up(stream_settings)


def test_what_landed_of_messages_without_a_time_is_no_sign_of_a_lost_end(
    stream_settings: Settings, publish: Publish
) -> None:
    producer = Producer({"bootstrap.servers": stream_settings.bootstrap_servers()})
    topic = stream_settings.kafka_topic_transactions
    producer.produce(topic, order(1), partition=0, timestamp=-1)
    assert not producer.flush(PATIENCE_SECONDS)
    until_caught_up(stream_settings)
    publish([(0, order(2))])
    assert until_caught_up(stream_settings).landed == 1


def test_messages_that_expired_unread_are_not_skipped_in_silence(
    stream_settings: Settings, publish: Publish, admin: AdminClient, ledger: Ledger
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    publish((0, order(n)) for n in range(2, 5))
    cut = TopicPartition(stream_settings.kafka_topic_transactions, 0, 3)
    for answer in admin.delete_records([cut]).values():
        answer.result()
    with pytest.raises(StreamError, match=r"partition 0: .* at 1, but the broker has 3 to 4"):
        until_caught_up(stream_settings)
    assert ledger.landed() == 1


def test_a_first_start_begins_with_what_the_broker_still_has(
    stream_settings: Settings, publish: Publish, admin: AdminClient
) -> None:
    publish((0, order(n)) for n in range(4))
    cut = TopicPartition(stream_settings.kafka_topic_transactions, 0, 3)
    for answer in admin.delete_records([cut]).values():
        answer.result()
    assert until_caught_up(stream_settings).landed == 1


def test_a_new_partition_is_read_from_its_beginning(
    stream_settings: Settings, publish: Publish, add_partition: Callable[[], int]
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    publish([(add_partition(), order(2))])
    assert until_caught_up(stream_settings).landed == 1


def test_of_a_new_partition_nothing_that_expired_is_skipped_in_silence(
    stream_settings: Settings,
    publish: Publish,
    admin: AdminClient,
    ledger: Ledger,
    add_partition: Callable[[], int],
) -> None:
    publish([(0, order(1))])
    until_caught_up(stream_settings)
    topic, added = stream_settings.kafka_topic_transactions, add_partition()
    publish((added, order(n)) for n in range(2, 5))
    for answer in admin.delete_records([TopicPartition(topic, added, 2)]).values():
        answer.result()
    with pytest.raises(
        StreamError, match=rf"partition {added}: .* at 0, but the broker has 2 to 3"
    ):
        until_caught_up(stream_settings)
    assert ledger.landed() == 1
    moved = ledger.rows(
        "update raw.stream_offsets set next_offset = 2 "
        "where topic = %s and kafka_partition = %s returning 1",
        topic,
        added,
    )
    assert moved == [(1,)]
    assert until_caught_up(stream_settings).landed == 1


def test_a_missing_topic_is_named(stream_settings: Settings) -> None:
    missing = stream_settings.model_copy(update={"kafka_topic_transactions": "no-such-topic"})
    with pytest.raises(StreamError, match="no-such-topic"):
        until_caught_up(missing)


def test_a_running_consumer_reads_partitions_that_are_added(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    add_partition: Callable[[], int],
) -> None:
    process = start_consumer(stream_settings)
    publish([(0, order(1))])
    eventually("the first order landed", lambda: ledger.landed() == 1)
    publish([(add_partition(), order(2)), (0, order(3))])
    eventually("its order landed", lambda: ledger.landed() == 3)
    process.send(signal.SIGTERM)
    assert process.wait() == 0


def test_a_topic_that_is_made_again_under_a_running_consumer_stops_it(
    stream_settings: Settings,
    publish: Publish,
    ledger: Ledger,
    start_consumer: StartConsumer,
    make_again: Callable[[], None],
) -> None:
    process = start_consumer(stream_settings)
    publish([(0, order(1))])
    eventually("the first order landed", lambda: ledger.landed() == 1)
    make_again()
    assert process.wait() == StreamError.exit_code
    assert process.said(stream_settings.kafka_topic_transactions)
