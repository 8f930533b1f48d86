"""From the broker's append to the committed decision, under offered load.

`python -m tests.benchmarks.latency --rate 3000 --seconds 300` starts an embedded stack of its own
and a consumer as a service, sends orders at that rate, and watches what becomes visible in
Postgres. The time of the append is the broker's (LogAppendTime, whole milliseconds); a commit is
seen at most one look, 2 ms, after it happened.
"""

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice, repeat
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import REPOSITORY, Role, Settings
from fraud_stream.producer.batch import Message
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
from tests.benchmarks.drain import Meter
from tests.benchmarks.harness import START
from tests.benchmarks.offered import sent_rate
from tests.benchmarks.own_stack import environment, own_stack, wait_until

TOPIC = "latency"
LOOK_SECONDS = 0.002
SLICE_SECONDS = 0.005
LINGER_MS = 5
"""Of the producer: the default of the clients. What a message waits there is before its append."""
WARM_UP_SECONDS = 30
"""The broker's Java runtime compiles itself for so long."""
AGAIN_SECONDS = 2
"""Before each later window: the load comes up again from a pause."""
COMMITS = 200


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds and processor time by whose it is, of all orders after a warm-up."""

    offered_per_second: float
    orders: int
    p50: float
    p95: float
    p99: float
    p99_9: float
    longest: float
    commit_ms: float
    """What a plain insert and commit of one small row took afterwards."""
    cpu_us: dict[str, float]


class Watch:
    """Notes when which ingest_id of this consumer became visible, from when it reads."""

    def __init__(self, settings: Settings, consumer: subprocess.Popen[bytes]) -> None:
        self._settings = settings
        self.consumer = consumer
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._seen: list[tuple[float, int]] = []
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def last(self) -> int:
        """The highest one so far."""
        return self._seen[-1][1] if self._seen else 0

    def wait_until_ready(self) -> None:
        """Until the consumer reads."""
        wait_until(self._ready.is_set, 1, self.consumer, every=0.1)

    def wait_for(self, last: int) -> None:
        """Until that one is visible; raises RuntimeError when the consumer ends before."""
        wait_until(self.last, last, self.consumer, every=0.02)

    def stop(self) -> None:
        """Look no longer."""
        self._stop.set()
        self._thread.join()

    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """Times in milliseconds, and the ids that were visible by then."""
        times, ids = zip(*self._seen, strict=True)
        return np.array(times) * 1000, np.array(ids)

    def _reads(self, cursor: Cursor) -> bool:
        cursor.execute("select count(*) from raw.stream_offsets")
        return self._stop.is_set() or cursor.fetchall() != [(0,)]

    def _look(self) -> None:
        with closing(connect(self._settings, Role.OWNER, application="bench")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                while not self._reads(cursor):
                    time.sleep(0.1)
                self._ready.set()
                cursor.execute("prepare landed as select last_ingest_id from raw.scorer_lease")
                while not self._stop.is_set():
                    time.sleep(LOOK_SECONDS)
                    cursor.execute("execute landed")
                    ((last,),) = cursor.fetchall()
                    if last > self.last():
                        self._seen.append((time.time(), last))


def offer(
    settings: Settings,
    messages: Sequence[Message],
    rate: float,
    *,
    skipped: int,
    then: Callable[[], None],
) -> float:
    """Send so many a second, in slices, each when it is due; `then` follows the first ones.

    The rate that was reached, until the broker had all. Raises TooSlowError when that is too low.
    """
    producer = Producer(
        {**settings.kafka_client(KafkaPart.PRODUCER), "linger.ms": LINGER_MS, "log_level": 0}
    )
    began = time.monotonic()
    for number, (key, value) in enumerate(messages):
        due = began + number / rate
        early = due - time.monotonic()
        if early > SLICE_SECONDS:
            producer.poll(0)
            time.sleep(early)
        if number == skipped:
            then()
        producer.produce(TOPIC, value, key)
    assert not producer.flush(60)
    return sent_rate(len(messages), time.monotonic() - began, rate)


def make_topic(settings: Settings) -> None:
    """One whose messages carry the broker's time."""
    admin = AdminClient(dict(settings.kafka_client(KafkaPart.ADMIN)))
    topic = NewTopic(
        TOPIC, settings.kafka_partitions, 1, config={"message.timestamp.type": "LogAppendTime"}
    )
    admin.create_topics([topic])[TOPIC].result()


@contextmanager
def running(settings: Settings, topic: str = TOPIC) -> Generator[Watch]:
    """A consumer as a service that reads already, watched."""
    consumer = subprocess.Popen(
        [Path(sys.executable).with_name("fraud"), "consume"],
        env={**environment(settings), "KAFKA_TOPIC_TRANSACTIONS": topic},
        cwd=REPOSITORY,
    )
    watch = Watch(settings, consumer)
    try:
        watch.wait_until_ready()
        yield watch
    finally:
        consumer.terminate()
        consumer.wait()
        watch.stop()


def measure(rate: float, seconds: float, *, windows: int = 1) -> list[Latency]:
    """So many windows of so long each, on a database that is empty before the first."""
    warm_ups = chain([WARM_UP_SECONDS], repeat(AGAIN_SECONDS))
    return [found for _, found in at_rates(repeat(rate, windows), seconds, warm_ups=warm_ups)]


def at_rates(
    rates: Iterable[float], seconds: float, *, warm_ups: Iterable[float]
) -> Iterator[tuple[float, Latency]]:
    """One rate after the other, on the same database; each begins when all before has landed."""
    with own_stack() as settings:
        make_topic(settings)
        orders = endless()
        with running(settings) as watch:
            for rate, warm_up in zip(rates, warm_ups, strict=False):
                messages = list(islice(orders, int(rate * (seconds + warm_up))))
                skipped = int(rate * warm_up)
                yield rate, _window(settings, watch, messages, rate=rate, skipped=skipped)


def endless() -> Iterator[Message]:
    """Simulated orders of 100,000 customers, as many as are taken."""
    stream = Stream(seed=1, orders=1 << 40, start=START, rates=scenario_rates("all"))
    return (order for batch in stream.batches() for order in batch.orders)


def _window(
    settings: Settings,
    watch: Watch,
    messages: Sequence[Message],
    *,
    rate: float,
    skipped: int,
) -> Latency:
    """Of all of them but the first ones."""
    before, meter = watch.last(), Meter(settings, watch.consumer.pid)
    sent = offer(settings, messages, rate, skipped=skipped, then=meter.restart)
    watch.wait_for(before + len(messages))
    cpu = meter.rate(len(messages) - skipped).cpu_us
    seen, ids = watch.seen()
    appended = _appended(settings, before + skipped)
    waited = seen[np.searchsorted(ids, appended[0])] - appended[1]
    p50, p95, p99, p99_9, longest = np.percentile(waited, [50, 95, 99, 99.9, 100]).tolist()
    return Latency(
        offered_per_second=round(sent),
        orders=len(waited),
        p50=round(p50, 1),
        p95=round(p95, 1),
        p99=round(p99, 1),
        p99_9=round(p99_9, 1),
        longest=round(longest, 1),
        commit_ms=round(commit_milliseconds(settings), 2),
        cpu_us=cpu,
    )


def commit_milliseconds(settings: Settings) -> float:
    """Median of a plain insert and commit of one small row, now."""
    times: list[float] = []
    with closing(connect(settings, Role.OWNER, application="bench")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute("create table if not exists raw.bench_commits (at timestamptz)")
        for _ in range(COMMITS):
            began = time.perf_counter()
            with connection, connection.cursor() as cursor:
                cursor.execute("insert into raw.bench_commits values (clock_timestamp())")
            times.append(time.perf_counter() - began)
    return 1000 * median(times)


def _appended(settings: Settings, after: int) -> tuple[np.ndarray, np.ndarray]:
    """The ids after one, and when the broker had them, in milliseconds."""
    with (
        closing(connect(settings, Role.OWNER, application="bench")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "select ingest_id, extract(epoch from received_at)::float8 * 1000 "
            "from raw.transactions_stream where ingest_id > %s order by ingest_id",
            (after,),
        )
        ids, times = zip(*cursor.fetchall(), strict=True)
    return np.array(ids), np.array(times)


def main() -> None:
    """Measure and print, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=3_000)
    parser.add_argument("--seconds", type=float, default=300)
    wishes = parser.parse_args()
    (found,) = measure(wishes.rate, wishes.seconds)
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


if __name__ == "__main__":
    main()
