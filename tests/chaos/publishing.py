"""Publishes traffic at a steady pace while the world around it breaks, and keeps every receipt."""

import threading
import time
from contextlib import suppress
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from fraud_core.settings import Settings
from tests.chaos.traffic import NUMBER_HEADER, Traffic

Coordinate = tuple[str, int, int]
"""Topic, partition and offset of a message."""

_SLICE_SECONDS = 0.05
FLUSH_SECONDS = 120


class Publishing:
    """A thread that publishes from `start` on until `stop`; `acknowledged` maps to numbers.

    `refused` says what the client gave up on; those messages may be in the log or not.
    """

    def __init__(self, settings: Settings, traffic: Traffic, rate: float) -> None:
        self.rate = rate
        self.acknowledged: dict[Coordinate, int] = {}
        self.refused: list[str] = []
        self.published = 0
        self._orders = settings.kafka_topic_transactions
        self._labels = settings.kafka_topic_labels
        self._traffic = traffic
        self._stopped = threading.Event()
        self._quota: int | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": settings.bootstrap_servers(),
                "enable.idempotence": True,
                "acks": "all",
                "compression.type": "lz4",
                "linger.ms": 5,
                "message.timeout.ms": 600_000,
                "log_level": 0,
            }
        )
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self, at_least: int, rate: float) -> None:
        """Go on at `rate` until so many are published, without those that were refused, and have
        all of them acknowledged."""
        self.rate, self._quota = rate, at_least
        self._thread.join()
        if left := self._producer.flush(FLUSH_SECONDS):
            self.refused.append(f"{left} messages were never answered")

    def abandon(self) -> None:
        """Stop as soon as possible."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        messages = self._traffic.messages()
        while not self._is_done():
            until = time.monotonic() + _SLICE_SECONDS
            for _ in range(max(1, int(self.rate * _SLICE_SECONDS))):
                number, is_label, (key, value) = next(messages)
                self._publish(self._labels if is_label else self._orders, key, value, number)
            self._producer.poll(0)
            time.sleep(max(0.0, until - time.monotonic()))

    def _is_done(self) -> bool:
        taken = self.published - len(self.refused)
        enough = self._quota is not None and taken >= self._quota
        return enough or self._stopped.is_set()

    def _publish(self, topic: str, key: bytes | None, value: bytes | None, number: int) -> None:
        headers: list[tuple[str, str | bytes | None]] = [(NUMBER_HEADER, str(number).encode())]
        while not self._stopped.is_set():
            with suppress(BufferError):
                try:
                    self._producer.produce(
                        topic,
                        value,
                        key,
                        headers=headers,
                        on_delivery=partial(self._report, number),
                    )
                except KafkaException as error:
                    self.refused.append(f"message {number}: {error}")
                self.published += 1
                return
            self._producer.poll(0.05)

    def _report(self, number: int, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.refused.append(f"message {number}: {error.str()}")
            return
        at = (message.topic() or "", message.partition() or 0, message.offset() or 0)
        self.acknowledged[at] = number
