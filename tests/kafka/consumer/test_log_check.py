"""A log that is not the one that was read is refused, with where reading stood and the way out."""

import pytest
from confluent_kafka import KafkaError, Message

from fraud_core.errors import StreamError
from fraud_stream.consumer.log import Log
from fraud_stream.consumer.source import check_log, require_readable, topic_gone

STORED = {("orders", 0): 7, ("orders", 1): 9, ("labels", 0): 3}
LOG = Log({"orders": "id-2"}, {("orders", 0): 0}, {("orders", 0): 20})
WAY_OUT = r"another name \(KAFKA_TOPIC_TRANSACTIONS.*empty database"


def test_a_topic_that_was_made_again_is_named_with_the_offsets_that_were_read() -> None:
    said = rf"topic 'orders' .* made again.*up to orders/0@7, orders/1@9, .*id-1.*id-2.*{WAY_OUT}"
    with pytest.raises(StreamError, match=said):
        check_log(LOG, STORED, {"orders": "id-1"})


def test_a_partition_that_is_gone_is_named_with_its_offset() -> None:
    orders = {("orders", 0): 7, ("orders", 1): 9}
    with pytest.raises(StreamError, match=rf"topic 'orders', partition 1: .* at 9.*{WAY_OUT}"):
        check_log(LOG, orders, {"orders": "id-2"})


def test_a_deleted_topic_that_was_read_is_not_to_be_made_again() -> None:
    said = str(topic_gone("orders", STORED))
    assert "topic 'orders' was deleted" in said
    assert "up to orders/0@7, orders/1@9," in said
    assert "KAFKA_TOPIC_TRANSACTIONS" in said
    assert "fraud produce" not in said


def test_an_error_that_ends_the_reading_says_where() -> None:
    message = Message(topic="orders", partition=1, offset=9)
    error = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
    with pytest.raises(StreamError, match=rf"topic 'orders', partition 1: .* at 9.*{WAY_OUT}"):
        require_readable(message, error, 9)
