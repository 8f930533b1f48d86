"""Puts messages on Kafka so that each arrives once, and counts what the broker confirmed.

Idempotent producer, acks=all: a retried batch is neither lost nor doubled nor reordered.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fraud_core.errors import StreamError

CONNECT_SECONDS = 5
QUEUE_KBYTES = 262_144
POLL_EVERY = 500
"""Messages between two looks at delivery reports; looking costs more than most messages."""


class Counts:
    """What became of one topic's messages."""

    def __init__(self) -> None:
        self.sent = 0
        self.acknowledged = 0
        self.failed = 0
        self.errors: Counter[str] = Counter()

    def report(self, error: KafkaError | None, _message: Message | None) -> None:
        """Take the answer to one message, the broker's or the client's own."""
        if error is None:
            self.acknowledged += 1
        else:
            self.failed += 1
            self.errors[error.str()] += 1


class Publisher:
    """Sends keyed messages; `acknowledged + failed == sent` once `flush` has returned.

    `client` says where the broker is and how to log in (`Settings.kafka_client`). Raises
    StreamError when there is no broker at the address.
    """

    def __init__(self, client: Mapping[str, str], *, timeout_seconds: float = 120) -> None:
        self._counts: dict[str, Counts] = {}
        self._client = client
        self._producer = Producer(
            {
                **client,
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "linger.ms": 20,
                "batch.size": 1_000_000,
                "queue.buffering.max.messages": 200_000,
                "queue.buffering.max.kbytes": QUEUE_KBYTES,
                # Its topic says how large a message may be; more than the queue never finds room.
                "message.max.bytes": QUEUE_KBYTES * 1024,
                "message.timeout.ms": int(timeout_seconds * 1000),
                "log_level": 3,  # errors only: a broker that restarts is not worth a line a second
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.flush()

    def require_topic(self, topic: str, partitions: int) -> None:
        """Make the topic unless it is there. Raises StreamError when it cannot be made."""
        troubles: list[KafkaError] = []  # why there is no answer: no route, or a refused login
        told: dict[str, Any] = {"error_cb": troubles.append}  # the stubs know no callbacks
        admin = AdminClient({**self._client, "log_level": 0, **told})
        try:
            if topic in admin.list_topics(timeout=CONNECT_SECONDS).topics:
                return
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            why = "; ".join(sorted({trouble.str() for trouble in troubles} or {reason.str()}))
            raise StreamError(
                f"no Kafka broker answers at {self._client['bootstrap.servers']} ({why}): run "
                "`fraud up`, or set KAFKA_BOOTSTRAP_SERVERS and what goes with it"
            ) from error
        self._make_topic(admin, topic, partitions)

    def counts(self, topic: str) -> Counts:
        """Counts of a topic, from zero."""
        return self._counts.setdefault(topic, Counts())

    def publish(self, topic: str, messages: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Queue (key, value) pairs, waiting for room; delivery is known after `flush`."""
        counts = self.counts(topic)
        produce, poll, report = self._producer.produce, self._producer.poll, counts.report
        for number, (key, value) in enumerate(messages, 1):
            try:
                produce(topic, value, key, on_delivery=report)
            except BufferError:
                self._produce_when_there_is_room(topic, key, value)
            except KafkaException as error:  # refused here and now, as a message too large is
                report(error.args[0], None)
            if not number % POLL_EVERY:
                poll(0)
        counts.sent += len(messages)

    def flush(self) -> None:
        """Wait until the broker has confirmed or refused every message."""
        while self._producer.flush(1.0):
            pass

    def _make_topic(self, admin: AdminClient, topic: str, partitions: int) -> None:
        try:
            admin.create_topics([NewTopic(topic, num_partitions=partitions)])[topic].result()
        except KafkaException as error:
            reason: KafkaError = error.args[0]
            if reason.code() == KafkaError.TOPIC_ALREADY_EXISTS:
                return  # somebody else made it meanwhile
            raise StreamError(
                f"the Kafka broker at {self._client['bootstrap.servers']} refuses to make topic "
                f"{topic!r} ({reason.str()}): `fraud topics` with the admin's login makes the "
                "platform's topics; or check KAFKA_TOPIC_TRANSACTIONS, KAFKA_TOPIC_LABELS or "
                "--topic, whichever named it"
            ) from error

    def _produce_when_there_is_room(
        self, topic: str, key: bytes | None, value: bytes | None
    ) -> None:
        while True:
            self._producer.poll(0.05)
            try:
                self._producer.produce(topic, value, key, on_delivery=self.counts(topic).report)
            except BufferError:
                continue
            return
