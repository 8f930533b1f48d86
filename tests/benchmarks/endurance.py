"""What does not end by itself: hours of orders, a slow database, and a long history.

A consumer as a service on a stack of its own, orders on its topic, and a look at it every second.
"""

import signal
import threading
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, islice, takewhile
from math import inf
from statistics import median

import msgspec
import psutil
from confluent_kafka import Producer

from fraud_core.database import connect
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Role, Settings
from fraud_stream.producer.batch import Message
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import MOST_CUSTOMERS, Stream
from tests.benchmarks.drain import Meter, Rate
from tests.benchmarks.harness import START
from tests.benchmarks.latency import Watch, endless, running
from tests.benchmarks.offered import sent_rate
from tests.benchmarks.own_stack import own_stack, require_running

SLICE_SECONDS = 0.01
WAITING = 200_000
"""Orders from which a drain rate is taken."""

PART = 250_000
"""Orders of a long history that are sent together."""

SHARE = 0.8
WARM_UP_SECONDS = 10.0
STOPPED, GOING = 0.45, 0.05
"""Seconds in turn: a database at a tenth of its speed."""


class Look(msgspec.Struct, frozen=True):
    """Orders sent and not landed, and the consumer's memory in MB."""

    lag: int
    megabytes: float


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """Medians of the looks of the second and of the last third; the first one warms up."""

    drain_per_second: float
    offered_per_second: float
    orders: int
    lag_then: float
    lag_at_last: float
    most_lag: int
    megabytes_then: float
    megabytes_at_last: float


class Slowed(msgspec.Struct, frozen=True, kw_only=True):
    """Before, while Postgres mostly stood still, and how long the rest took afterwards."""

    offered_per_second: float
    megabytes_before: float
    most_megabytes: float
    most_lag: int
    seconds_to_catch_up: float


class Sender:
    """Puts orders on the topic in a thread, at a rate or as fast as it can."""

    def __init__(self, settings: Settings) -> None:
        self.sent = 0
        self.seconds = inf
        """What the last sending took, until the broker had all of it."""
        self._topic = settings.kafka_topic_transactions
        self._producer = Producer(
            {
                **settings.kafka_client(KafkaPart.PRODUCER),
                "linger.ms": 5,
                "queue.buffering.max.messages": 500_000,
                "log_level": 0,
            }
        )

    def send(self, messages: Iterable[Message], rate: float | None = None) -> None:
        """All of them; returns when the broker has them."""
        began, before, self.seconds = time.monotonic(), self.sent, inf
        for key, value in messages:
            if rate and (early := began + (self.sent - before) / rate - time.monotonic()) > 0:
                self._producer.poll(0)
                if early > SLICE_SECONDS:
                    time.sleep(early)
            self._produce(key, value)
            self.sent += 1
        assert not self._producer.flush(120)
        self.seconds = time.monotonic() - began

    def _produce(self, key: bytes | None, value: bytes | None) -> None:
        while True:
            try:
                return self._producer.produce(self._topic, value, key)
            except BufferError:
                self._producer.poll(0.1)


def soak(seconds: float, rate: float = 0) -> Soak:
    """For so long at a rate, or at four fifths of the drain rate of the same run.

    The orders are made beside it, on the same processors, which a drain has to itself.
    """
    orders = endless()
    with _service() as (settings, watch):
        sender = Sender(settings)
        sender.send(islice(orders, WAITING))
        drained = _rate_until(settings, watch, sender.sent)
        rate = rate or SHARE * drained.per_second
        looks, sent = _looks_while(sender, watch, islice(orders, int(rate * seconds)), rate)
    third = len(looks) // 3
    then, last = looks[third : 2 * third], looks[2 * third :]
    return Soak(
        drain_per_second=drained.per_second,
        offered_per_second=round(sent),
        orders=sender.sent,
        lag_then=median(look.lag for look in then),
        lag_at_last=median(look.lag for look in last),
        most_lag=max(look.lag for look in looks),
        megabytes_then=median(look.megabytes for look in then),
        megabytes_at_last=median(look.megabytes for look in last),
    )


def slow_postgres(rate: float, seconds: float) -> Slowed:
    """The sessions that land stand still nine tenths of the time."""
    orders = endless()
    with _service() as (settings, watch):
        sender = Sender(settings)
        before, _ = _looks_while(sender, watch, islice(orders, int(rate * WARM_UP_SECONDS)), rate)
        with _slowed(settings):
            looks, sent = _looks_while(sender, watch, islice(orders, int(rate * seconds)), rate)
        began = time.monotonic()
        watch.wait_for(sender.sent)
        caught_up = time.monotonic() - began
    return Slowed(
        offered_per_second=round(sent),
        megabytes_before=before[-1].megabytes,
        most_megabytes=max(look.megabytes for look in looks),
        most_lag=max(look.lag for look in looks),
        seconds_to_catch_up=round(caught_up, 1),
    )


def history(orders: int, customers: int) -> list[Rate]:
    """The drain rate of each part of a history, all of it streamed: the first one is of no history.

    A part is sent as fast as it can be; its rate is that of what waits when all of it was sent.
    """
    rates: list[Rate] = []
    messages = many_customers(customers)
    with _service() as (settings, watch):
        sender = Sender(settings)
        while sender.sent < orders:
            sender.send(islice(messages, PART))
            rates.append(_rate_until(settings, watch, sender.sent))
    return rates


def many_customers(customers: int) -> Iterator[Message]:
    """Simulated orders of so many, from as many worlds side by side as that takes."""
    worlds = -(-customers // MOST_CUSTOMERS)
    streams = [
        Stream(seed=seed, orders=1 << 40, start=START, rates=scenario_rates("all"))
        for seed in range(1, worlds + 1)
    ]
    together = zip(*(stream.batches() for stream in streams), strict=True)
    return (order for batches in together for order in chain(*(b.orders for b in batches)))


@contextmanager
def _service() -> Generator[tuple[Settings, Watch]]:
    with own_stack() as settings, running(settings, settings.kafka_topic_transactions) as watch:
        yield settings, watch


def _rate_until(settings: Settings, watch: Watch, sent: int) -> Rate:
    """Of what waits now."""
    meter, landed = Meter(settings, watch.consumer.pid), watch.last()
    watch.wait_for(sent)
    return meter.rate(sent - landed)


def _looks_while(
    sender: Sender, watch: Watch, messages: Iterable[Message], rate: float
) -> tuple[list[Look], float]:
    """A look a second while these are sent, and how many a second were.

    Raises TooSlowError when those were too few.
    """
    done = threading.Event()
    going = takewhile(lambda _: not done.is_set(), messages)
    thread = threading.Thread(target=sender.send, args=(going, rate))
    process, looks, before = psutil.Process(watch.consumer.pid), list[Look](), sender.sent
    thread.start()
    try:
        while thread.is_alive():
            thread.join(1.0)
            require_running(watch.consumer)
            megabytes = process.memory_info().rss / 1e6
            looks.append(Look(sender.sent - watch.last(), round(megabytes, 1)))
    finally:
        done.set()
        thread.join()
    return looks, sent_rate(sender.sent - before, sender.seconds, rate)


@contextmanager
def _slowed(settings: Settings) -> Generator[None]:
    """Sessions of the consumer are stopped and let go, in turn."""
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            sessions = _sessions(settings)
            _signal(sessions, signal.SIGSTOP)
            done.wait(STOPPED)
            _signal(sessions, signal.SIGCONT)
            time.sleep(GOING)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _sessions(settings: Settings) -> list[psutil.Process]:
    with (
        closing(connect(settings, Role.OWNER, application="bench")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select pid from pg_stat_activity where application_name like 'scorer-%'")
        return [psutil.Process(pid) for (pid,) in cursor.fetchall() if psutil.pid_exists(pid)]


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
