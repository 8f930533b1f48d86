"""The consumer on the real Kafka and Postgres: a backlog, offered load, starting, and a kill."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings
from tests.benchmarks.drain import fill, measure
from tests.benchmarks.harness import Bench, Found, Wishes, medians
from tests.benchmarks.latency import measure as measure_latency
from tests.benchmarks.own_stack import environment, own_stack, wait_until

FRAUD = Path(sys.executable).with_name("fraud")
WAITING = 10_000
"""Orders that a kill leaves in the topic, about."""


def _drain(wishes: Wishes) -> Found:
    rounds = [measure(wishes.orders) for _ in range(wishes.rounds)]
    return medians(
        [
            Found(
                rounds=1,
                ratios={
                    "of COPY of the same bytes": run.of_limit,
                    "times insert and commit per row": run.of_row_by_row,
                    "of a bare consume loop": run.of_bare_loop,
                },
                figures={
                    "orders a second": run.drain.per_second,
                    "COPY, orders a second": run.limit.per_second,
                    "row by row, orders a second": run.row_by_row.per_second,
                    "bare loop, messages a second": run.bare_loop.per_second,
                    **{f"µs CPU an order, {who}": us for who, us in run.drain.cpu_us.items()},
                    **{f"µs CPU an order, COPY, {who}": us for who, us in run.limit.cpu_us.items()},
                },
            )
            for run in rounds
        ]
    )


def _latency(wishes: Wishes) -> Found:
    """A window a round on one stack; the reference is taken after each of them."""
    windows = measure_latency(wishes.rate, wishes.seconds, windows=wishes.rounds)
    return medians(
        [
            Found(
                rounds=1,
                ratios={"p50, times an insert and commit of one row": run.p50 / run.commit_ms},
                figures={
                    "offered a second": run.offered_per_second,
                    "orders": run.orders,
                    "p50 ms": run.p50,
                    "p95 ms": run.p95,
                    "p99 ms": run.p99,
                    "p99.9 ms": run.p99_9,
                    "longest ms": run.longest,
                    **{f"µs CPU an order, {who}": us for who, us in run.cpu_us.items()},
                },
            )
            for run in windows
        ]
    )


def _start_up(wishes: Wishes) -> Found:
    """Of the commands that people wait for, beside an interpreter that does nothing."""
    with own_stack() as settings:
        commands = {
            "fraud --help": [FRAUD, "--help"],
            "fraud status": [FRAUD, "status"],
            "fraud consume, nothing to do": [FRAUD, "consume", "--until-caught-up"],
        }
        rounds: list[Found] = []
        for _ in range(wishes.rounds):
            bare = _seconds(settings, [sys.executable, "-c", "pass"])
            found = {name: _seconds(settings, command) for name, command in commands.items()}
            rounds.append(
                Found(
                    rounds=1,
                    ratios={f"{name}, times a bare Python": s / bare for name, s in found.items()},
                    figures={f"{name}, ms": 1000 * seconds for name, seconds in found.items()},
                )
            )
    return medians(rounds)


def _seconds(settings: Settings, command: list[str | Path]) -> float:
    """Raises CalledProcessError when it fails, for then it did not do what people wait for."""
    began = time.perf_counter()
    subprocess.run(
        command, env=environment(settings), cwd=REPOSITORY, capture_output=True, check=True
    )
    return time.perf_counter() - began


def _restart(wishes: Wishes) -> Found:
    """Killed with so many landed and more waiting: from the new start to its first batch.

    One kill a round, each with some more landed; the reference is a start with nothing landed.
    """
    orders = wishes.orders
    with own_stack() as settings:
        fill(settings, orders + WAITING * (wishes.rounds + 1))
        began = time.monotonic()
        with _consumer(settings) as consumer:
            _wait_for(settings, 1, consumer)
            empty = time.monotonic() - began
            _wait_for(settings, orders, consumer)
        again: list[float] = []
        for _ in range(wishes.rounds):
            landed, began = _landed(settings), time.monotonic()
            with _consumer(settings) as consumer:
                _wait_for(settings, landed + 1, consumer)
                again.append(time.monotonic() - began)
    return Found(
        rounds=wishes.rounds,
        ratios={"times a start with nothing landed": median(again) / empty},
        figures={
            "orders landed before the first kill": orders,
            "seconds to the first batch": median(again),
            "seconds, nothing landed": empty,
        },
    )


@contextmanager
def _consumer(settings: Settings) -> Generator[subprocess.Popen[bytes]]:
    """As a service, killed at the end."""
    process = subprocess.Popen(
        [FRAUD, "consume"],
        env=environment(settings),
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _landed(settings: Settings) -> int:
    with (
        closing(connect(settings, Role.OWNER, application="bench")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("select coalesce(max(last_ingest_id), 0) from raw.scorer_lease")
        return cursor.fetchall()[0][0]


def _wait_for(settings: Settings, orders: int, consumer: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: _landed(settings), orders, consumer, every=0.02)


BENCHES = (
    Bench(
        name="drain",
        about="a backlog through Kafka, the rules and Postgres; the drain includes the consumer's "
        "start and the references none, so ratios count from 1,000,000 orders",
        run=_drain,
        sizes={"orders": 50_000},
    ),
    Bench(
        name="latency",
        about="append to committed decision at an offered rate",
        run=_latency,
        sizes={"rate": 1_000, "seconds": 10},
    ),
    Bench(name="start_up", about="the commands that people wait for", run=_start_up),
    Bench(
        name="restart",
        about="kill -9 to the next landed batch",
        run=_restart,
        sizes={"orders": 20_000},
    ),
)
