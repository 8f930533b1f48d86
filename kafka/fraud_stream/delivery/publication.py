"""Sends what has landed, beside the landing and never in its way.

Whatever is sent was committed before, and a channel's position moves only after the broker has
acknowledged: a crash in between repeats messages, each with the `event_id` that it had, and leaves
none out. A broker that is down makes what is sent late and nothing else; a topic that is missing
does so for its own channel.
"""

import contextvars
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import structlog
from confluent_kafka import KafkaException
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import StreamError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_stream.consumer.waiting import (
    Database,
    WaitingEndedError,
    first_line,
    patiently,
    worth_waiting_for,
)
from fraud_stream.delivery.dead_letters import DeadLetters
from fraud_stream.delivery.flagged import FlaggedOrders
from fraud_stream.delivery.outgoing import Channel, Outgoing, Page
from fraud_stream.delivery.positions import move, position
from fraud_stream.delivery.sender import Sender

LOOK_SECONDS = 1.0
"""How late something is seen that landed without a `wake`."""

GATHER_SECONDS = 0.2
"""How long what lands after a page gathers, so that a page is not sent for each batch."""

STOP_SECONDS = 1.0
"""How long the end waits for the page in hand, so that a stand-by takes over soon."""

TROUBLE_SECONDS = 5.0
"""How long nothing is tried after an error that is nobody's to wait out."""


class Publication:
    """Publishers of all channels, as long as the `with` lasts: one that waits holds up no other.

    `published` is told of each page, by channel. Two processes at once, as when a frozen one wakes
    up, may send a message twice, and no more.
    """

    def __init__(self, settings: Settings, published: Callable[[str, int], None]) -> None:
        self._publishers = [
            _Publisher(settings, channel, published)
            for channel in (
                FlaggedOrders(settings.kafka_topic_flagged),
                DeadLetters(settings.kafka_topic_dead_letter),
            )
        ]

    def __enter__(self) -> Self:
        for publisher in self._publishers:
            publisher.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for publisher in self._publishers:
            publisher.stop()
        until = time.monotonic() + STOP_SECONDS
        for publisher in self._publishers:
            publisher.join(until - time.monotonic())

    def wake(self) -> None:
        """There is something to send; call it after a commit."""
        for publisher in self._publishers:
            publisher.wake()

    def drain(self, seconds: float) -> bool:
        """Whether all that has landed is sent, within so many seconds; nothing gathers any more."""
        until = time.monotonic() + seconds
        asked = [publisher.hurry() for publisher in self._publishers]
        return all(
            publisher.has_answered(number, until - time.monotonic())
            for publisher, number in zip(self._publishers, asked, strict=True)
        )


class _Publisher:
    """One channel's thread, with a session in Postgres and a producer of its own."""

    def __init__(
        self, settings: Settings, channel: Channel, published: Callable[[str, int], None]
    ) -> None:
        self._published = published
        self._channel = channel
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._changed = threading.Condition()
        self._too_large: Sequence[Outgoing] = ()
        self._asked = 0
        self._answered = 0
        self._database = Database(settings, _name(), self._stop.is_set)
        self._sender = Sender(settings.kafka_client(KafkaPart.CONSUMER))
        self._log = structlog.get_logger().bind(channel=channel.name)
        self._thread = threading.Thread(
            target=contextvars.copy_context().run,
            args=(self._run,),
            name=f"publication of {channel.name}",
            daemon=True,
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end soon."""
        self._stop.set()
        self.hurry()

    def join(self, seconds: float) -> None:
        """Wait for its end, so long at most."""
        self._thread.join(max(0.0, seconds))

    def wake(self) -> int:
        """Have it look; the number by which `has_answered` knows the question."""
        with self._changed:
            self._asked += 1
            self._changed.notify_all()
            return self._asked

    def hurry(self) -> int:
        """As `wake`, and gather nothing any more."""
        self._hurry.set()
        return self.wake()

    def has_answered(self, asked: int, seconds: float) -> bool:
        """Whether all is sent that had landed when it was asked, within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._answered >= asked, max(0.0, seconds))

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                asked = self._asked
                if not self._step():
                    self._rest(asked)
                self._hurry.wait(GATHER_SECONDS)
        finally:
            self._sender.close()
            self._database.close()

    def _rest(self, asked: int) -> None:
        """Until somebody asks again: what had been asked for is done."""
        with self._changed:
            self._answered = asked
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._asked > asked, LOOK_SECONDS)

    def _step(self) -> bool:
        """Send a page; whether there may be more."""
        try:
            return self._publish()
        except WaitingEndedError:
            return True
        except Exception as error:  # whatever it is, landing goes on and the next try may succeed
            self._log.error("not published", error=first_line(error))
            self._stop.wait(TROUBLE_SECONDS)
            return True

    def _publish(self) -> bool:
        channel = self._channel

        def look(cursor: Cursor) -> tuple[int, Page | None]:
            before = position(cursor, channel.name)
            return before, channel.page(cursor, before)

        before, page = self._database.run(look)
        if page is None:
            return False
        patiently(
            lambda: self._send(page),
            stopped=self._stop.is_set,
            worth=lambda error: isinstance(error, KafkaException) or worth_waiting_for(error),
        )
        self._published(channel.name, len(page.messages))
        if not self._database.run(lambda cursor: move(cursor, channel.name, before, page.last_id)):
            self._log.warning("published by somebody else as well")
        return True

    def _send(self, page: Page) -> None:
        """What held up the page before goes first, so that waiting for it repeats no others."""
        self._send_all([m for m in page.messages if m in self._too_large])
        self._send_all(page.messages)

    def _send_all(self, messages: Sequence[Outgoing]) -> None:
        channel = self._channel
        refused = self._sender.send(channel.topic, messages, self._stop.is_set).too_large
        try:
            instead = [channel.in_place_of(message) for message in refused]
        except StreamError:
            self._too_large = refused
            raise
        if instead:
            self._log.warning(
                "too large for the topic, sent without value",
                topic=channel.topic,
                messages=len(instead),
            )
            self._sender.send(channel.topic, instead, self._stop.is_set)


def _name() -> str:
    """For pg_stat_activity; unlike a holder of the lease, which is known by its session's name."""
    return f"publication-{socket.gethostname()[:24]}-{os.getpid()}-{time.monotonic_ns() % 100_000}"
