"""A backlog drained through the real Kafka and Postgres: `python -m tests.benchmarks.drain`.

Starts an embedded stack of its own, fills the topic, and has `fraud consume --until-caught-up`
land all of it. The figures to compare are ratios to reference work done in the same run, on the
same machine, with the same load beside it. The drain includes the consumer's start and the
references include none, so the ratios count from 1,000,000 orders:

limit        the same bytes copied into the same tables, by a client that has them ready
row by row   an order and its decision inserted and committed, one after the other
bare loop    librdkafka's consume() of the same messages, and nothing done with them
"""

import argparse
import io
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import msgspec
import psutil
from confluent_kafka import TopicPartition
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import REPOSITORY, Role, Settings
from fraud_stream.consumer.copy_binary import framed, rows_of
from fraud_stream.consumer.ledger import copy
from fraud_stream.consumer.rows import COLUMNS
from fraud_stream.consumer.source import client
from fraud_stream.producer.publisher import Publisher
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
from tests.benchmarks.harness import START
from tests.benchmarks.own_stack import PATIENCE_SECONDS, environment, own_stack

TABLES = ("raw.transaction_keys", "raw.transactions_stream", "raw.transaction_decisions")
ROW_BY_ROW = 3_000
BATCH = 5_000


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Orders a second by the clock, and processor time of each order, by whose it is."""

    orders: int
    per_second: float
    cpu_us: dict[str, float]


class Drained(msgspec.Struct, frozen=True, kw_only=True):
    """All of one run; the ratios say how many times the reference's rate the drain reached."""

    drain: Rate
    limit: Rate
    row_by_row: Rate
    bare_loop: Rate
    of_limit: float
    of_row_by_row: float
    of_bare_loop: float


def fill(settings: Settings, orders: int, rates: str = "all") -> int:
    """Simulated orders, as the product's own producer sends them; returns how many."""
    topic = settings.kafka_topic_transactions
    stream = Stream(seed=1, orders=orders, start=START, rates=scenario_rates(rates))
    with Publisher(settings.kafka_client(KafkaPart.PRODUCER)) as publisher:
        for batch in stream.batches():
            publisher.publish(topic, batch.orders)
    counts = publisher.counts(topic)
    assert counts.acknowledged == counts.sent
    return counts.sent


class Meter:
    """Processor time of the client, Kafka and Postgres.

    The client is the process with that number, or this one and those of its children that ended.
    """

    def __init__(self, settings: Settings, client: int | None = None) -> None:
        self._client = psutil.Process(client)
        self._kafka = _servers(settings, "kafka.Kafka")
        self._postgres = _servers(settings, "-D")
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self._before, self._since = self._read(), time.monotonic()

    def rate(self, orders: int) -> Rate:
        """Since this was made or restarted."""
        elapsed, now = time.monotonic() - self._since, self._read()
        return Rate(
            orders=orders,
            per_second=round(orders / elapsed),
            cpu_us={
                name: round((now[name] - before) / orders * 1e6, 2)
                for name, before in self._before.items()
            },
        )

    def _read(self) -> dict[str, float]:
        return {
            "client": _cpu(self._client),
            "kafka": sum(map(_cpu, self._kafka)),
            "postgres": sum(_cpu(p) + sum(map(_cpu, p.children())) for p in self._postgres),
        }


def _servers(settings: Settings, mark: str) -> list[psutil.Process]:
    """Servers of this stack, which name its folder in their command line."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if mark in (line := process.info["cmdline"] or [])
        and any(str(settings.fraud_home) in word for word in line)
    ]


def _cpu(process: psutil.Process) -> float:
    """With that of its children which have ended."""
    try:
        spent = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return spent.user + spent.system + spent.children_user + spent.children_system


def drain(settings: Settings, orders: int) -> Rate:
    """`fraud consume --until-caught-up`, start included."""
    meter = Meter(settings)
    done = subprocess.run(
        [Path(sys.executable).with_name("fraud"), "consume", "--until-caught-up", "--json"],
        env=environment(settings),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        check=True,
    )
    rate = meter.rate(orders)
    assert msgspec.json.decode(done.stdout)["landed"] == orders
    return rate


def same_bytes(settings: Settings, orders: int) -> Rate:
    """What landed, emptied out and copied in again, a transaction a batch."""
    with closing(connect(settings, Role.OWNER, application="bench")) as connection:
        blocks = {table: _read_back(connection, table) for table in TABLES}
        with connection, connection.cursor() as cursor:
            cursor.execute(f"truncate {', '.join(TABLES)}")
        meter = Meter(settings)
        for at in range(0, orders, BATCH):
            with connection, connection.cursor() as cursor:
                copy(cursor, {table: whole[at // BATCH] for table, whole in blocks.items()})
        return meter.rate(orders)


def _read_back(connection: Connection, table: str) -> list[bytes]:
    """A table's rows as they were sent to COPY, in the batches that they will be written in."""
    out = io.BytesIO()
    with connection, connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy (select {COLUMNS[table]} from {table} order by ingest_id) "
            "to stdout (format binary)",
            out,
        )
    rows = rows_of(out.getvalue())
    return [framed(rows[at : at + BATCH]) for at in range(0, len(rows), BATCH)]


def row_by_row(settings: Settings) -> Rate:
    """The first orders again, as a consumer does it that thinks of one message at a time."""
    with closing(connect(settings, Role.OWNER, application="bench")) as connection:
        rows: list[list[tuple[object, ...]]] = []
        with connection, connection.cursor() as cursor:
            for table in TABLES:
                columns = ", ".join(f"{name}::text" for name in COLUMNS[table].split(", "))
                cursor.execute(
                    f"select {columns} from {table} order by ingest_id limit {ROW_BY_ROW}"
                )
                rows.append(cursor.fetchall())
            inserts = [insert_statement(cursor, table) for table in TABLES]
            cursor.execute(f"truncate {', '.join(TABLES)}")
        meter = Meter(settings)
        for together in zip(*rows, strict=True):
            with connection, connection.cursor() as cursor:
                for insert, row in zip(inserts, together, strict=True):
                    cursor.execute(insert, row)
        return meter.rate(len(rows[0]))


def insert_statement(cursor: Cursor, table: str) -> str:
    """One row of the table, each value a parameter."""
    cursor.execute(f"select {COLUMNS[table]} from {table} limit 0")
    values = ", ".join(["%s"] * len(cursor.description or ()))
    return f"insert into {table} ({COLUMNS[table]}) values ({values})"


def bare_loop(settings: Settings, orders: int) -> Rate:
    """All messages of the topic, taken 500 at a time.

    The clock begins before the client begins to fetch. A partition's end is an event among them.
    Never more is asked for than messages are missing, so
    no call waits for what does not come.
    """
    topic = settings.kafka_topic_transactions
    consumer = client(settings.kafka_client(KafkaPart.CONSUMER), {"fetch.queue.backoff.ms": 10})
    meter, missing, heard = Meter(settings), orders, time.monotonic()
    consumer.assign([TopicPartition(topic, n, 0) for n in range(settings.kafka_partitions)])
    while missing:
        came = sum(message.error() is None for message in consumer.consume(min(500, missing), 1.0))
        missing -= came
        if came:
            heard = time.monotonic()
        elif time.monotonic() - heard > PATIENCE_SECONDS:
            raise RuntimeError(f"{missing:,} messages did not come in {PATIENCE_SECONDS} s")
    rate = meter.rate(orders)
    consumer.close()
    return rate


def measure(orders: int) -> Drained:
    """One run of everything."""
    with own_stack() as settings:
        assert fill(settings, orders) == orders
        drained = drain(settings, orders)
        loop = bare_loop(settings, orders)
        limit = same_bytes(settings, orders)
        slow = row_by_row(settings)
    return Drained(
        drain=drained,
        limit=limit,
        row_by_row=slow,
        bare_loop=loop,
        of_limit=round(drained.per_second / limit.per_second, 3),
        of_row_by_row=round(drained.per_second / slow.per_second, 1),
        of_bare_loop=round(drained.per_second / loop.per_second, 3),
    )


def main() -> None:
    """Measure and print, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1, help="each with an empty database")
    wishes = parser.parse_args()
    for _ in range(wishes.rounds):
        sys.stdout.write(msgspec.json.encode(measure(wishes.orders)).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
