"""What the publisher itself has to say of a message, before any broker is asked."""

from fraud_stream.producer.publisher import QUEUE_KBYTES, Publisher


def failed(size: int) -> int:
    """Of one message of that size, when nobody listens at the broker's address."""
    publisher = Publisher({"bootstrap.servers": "127.0.0.1:1"})
    publisher.publish("topic", [(b"key", bytes(size))])
    return publisher.counts("topic").failed


def test_how_large_a_message_may_be_is_left_to_its_topic() -> None:
    assert failed(1_000_001) == 0


def test_a_message_that_never_fits_the_queue_fails_and_is_not_waited_for() -> None:
    assert failed(QUEUE_KBYTES * 1024 + 1) == 1
