"""Puts messages on a topic and waits until the broker has all of them."""

from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from fraud_stream.consumer.waiting import WaitingEndedError
from fraud_stream.delivery.outgoing import Outgoing

LOOK_SECONDS = 0.2
"""How often somebody who wants us to stop is asked while the broker keeps us waiting."""

FOR_EVER = 0

MOST_BYTES = 1_000_000_000
"""The most that the client can be set to; how large a message may be is for its topic to say."""

_TOO_LARGE = (
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_MSG_SIZE,
    KafkaError.RECORD_LIST_TOO_LARGE,  # more than a segment of the topic
)


class Sender:
    """An idempotent producer with acks=all: a retried message is neither lost nor reordered.

    `client` says where the broker is and how to log in (`Settings.kafka_client`).
    Without `timeout_seconds` a message never gives up, so none can be left out between two others;
    the caller ends the waiting.
    """

    def __init__(self, client: Mapping[str, str], *, timeout_seconds: float = FOR_EVER) -> None:
        self._configuration = {
            **client,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 5,
            "message.max.bytes": MOST_BYTES,
            "message.timeout.ms": int(timeout_seconds * 1000),
            "log_level": 0,  # errors come with the delivery reports
        }
        self._producer: Producer | None = None

    def send(
        self, topic: str, messages: Sequence[Outgoing], stopped: Callable[[], bool]
    ) -> "Delivered":
        """Returns when the broker has acknowledged all but those that are too large for the topic.

        It refuses what came to it together together, so these are sent again one at a time. Raises
        KafkaException when it refuses a message for anything else, and WaitingEndedError when
        `stopped` says so; messages may be in the topic then, or not.
        """
        delivered = Delivered()
        producer = self._producer = self._producer or Producer(self._configuration)
        try:
            _deliver(producer, topic, messages, delivered, stopped)
            if len(delivered.too_large) > 1:
                for message in delivered.take_too_large():
                    _deliver(producer, topic, [message], delivered, stopped)
        except BaseException:
            self.close()
            raise
        return delivered

    def close(self) -> None:
        """Forget what the broker has not acknowledged."""
        if self._producer is not None:
            self._producer.purge()
            self._producer.flush(0)
            self._producer = None


class Delivered:
    """What the broker said of each message."""

    def __init__(self) -> None:
        self.too_large: list[Outgoing] = []
        self.acknowledged: list[Message] = []
        self._error: KafkaError | None = None

    def note(self, message: Outgoing, error: KafkaError | None, sent: Message | None) -> None:
        """Take one answer."""
        if error is None:
            if sent is not None:
                self.acknowledged.append(sent)
        elif error.code() in _TOO_LARGE:
            self.too_large.append(message)
        else:
            self._error = self._error or error

    def take_too_large(self) -> list[Outgoing]:
        """Those refused so far, in the order of their answers; as if they had not been sent."""
        taken, self.too_large = self.too_large, []
        return taken

    def complain(self) -> None:
        """Raises KafkaException when some message was refused."""
        if self._error is not None:
            raise KafkaException(self._error)


def _deliver(
    producer: Producer,
    topic: str,
    messages: Sequence[Outgoing],
    delivered: Delivered,
    stopped: Callable[[], bool],
) -> None:
    for message in messages:
        _produce(producer, topic, message, delivered)
    _wait(producer, stopped)
    delivered.complain()


def _produce(producer: Producer, topic: str, message: Outgoing, delivered: Delivered) -> None:
    headers: list[tuple[str, str | bytes | None]] = [*message.headers.items()]

    def report(error: KafkaError | None, sent: Message) -> None:
        delivered.note(message, error, sent)

    try:
        producer.produce(topic, message.value, message.key, headers=headers, on_delivery=report)
    except KafkaException as error:  # refused here and now, as a message too large is
        delivered.note(message, error.args[0], None)


def _wait(producer: Producer, stopped: Callable[[], bool]) -> None:
    while producer.flush(LOOK_SECONDS):
        if stopped():
            raise WaitingEndedError
