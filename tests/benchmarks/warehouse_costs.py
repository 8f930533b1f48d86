"""What a warehouse run over 10,000 new orders costs on a short and on a ten times longer history.

    fraud up && python -m tests.benchmarks.warehouse_costs [--orders 500000] [--select path:...]

Fills two databases of their own on the stack's Postgres, by SQL instead of streaming, with made-up
orders, 10,000 a day; builds; and times runs over increments, on both in turn, so that whatever else
the machine does meets both. What the project promises: a whole run takes at most 1.25 times as long
on the longer history; the models' part, without what dbt takes for itself, at most 1.5 times.
"""

import argparse
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

from psycopg2 import sql
from rich.console import Console
from rich.table import Table

from fraud_core.database import Connection, connect
from fraud_core.migrations import migrate
from fraud_core.settings import Role, Settings, load_settings
from fraud_local.dbt import BuildResult, build, parse
from tests.benchmarks.own_stack import end_on_sigterm

T = TypeVar("T")

NEW = 10_000
REPEATS = 5

ORDERS = """
insert into raw.transactions_stream
select
    n, 'orders', 0, n, 't' || n, 'c' || n * 7919 %% {customers},
    timestamptz '2024-01-01' + n * interval '8.64 seconds'
    - case when n %% 20 = 0 then interval '90 seconds' else interval '0' end,
    now(),
    json_build_object(
        'schema_version', 1, 'merchant_id', 'm' || n * 31 %% 2000,
        'merchant_owner_id', 'o' || n * 31 %% 2000, 'merchant_category', 'k' || n * 31 %% 20,
        'event_time', '2024-01-01T00:00:00Z', 'amount', (n %% 9999 + 1) / 100.0,
        'currency', (array['EUR', 'USD', 'GBP'])[1 + n %% 3], 'payment_method', 'card',
        'device_id', 'd' || n * 7919 %% {customers}, 'device_type', 'phone',
        'customer_email', 'c' || n * 7919 %% {customers} || '@example.org',
        'customer_name', 'Somebody', 'customer_country', 'DE', 'is_guest', n %% 1000 = 0,
        'card_fingerprint', 'k' || n * 7919 %% {customers}, 'card_bin', '411111',
        'ip_address', '10.' || n %% 250 || '.' || n %% 240 || '.' || n %% 230,
        'ip_latitude', 50 + n %% 100 / 100.0, 'ip_longitude', 7 + n %% 100 / 100.0,
        'voucher_code', case when n %% 9 = 0 then 'SPRING' end,
        'items', json_build_array(
            json_build_object('product_id', 'p' || n %% 3000, 'quantity', 1, 'unit_price', 2.5)
        ),
        'shipping', json_build_object(
            'country', 'DE', 'postal_code', (n %% 90000)::text,
            'latitude', 50.1 + n * 7919 %% {customers} %% 1000 / 1000.0, 'longitude', 7.1
        )
    )::text
from generate_series(%s::bigint, %s) as n
"""
DECISIONS = """
insert into raw.transaction_decisions (
    ingest_id, transaction_id, rule_set_version, lists_version, outcome, score,
    recommended_action, factors, reasons, features, not_evaluable, shadow, snoozed, lists,
    decided_at
)
select
    n, 't' || n, 'costs-1', '-', case when n %% 30 = 0 then 'review' else 'approve' end,
    case when n %% 30 = 0 then 0.5 else 0.0 end, 'Look at it', '{{"velocity": 0.0}}',
    case
        when n %% 30 = 0
            then
                '[{{"rule": "r", "factor": "velocity", "weight": 1, "sentence": "Often.",
                "values": {{"orders": 9}}, "contribution": 0.5}}]'
        else '[]'
    end::jsonb,
    '{{"customer_orders_24h": 1}}', '[]', '[]', '[]', '[]', now()
from generate_series(%s::bigint, %s) as n
"""
LABELS = """
insert into raw.transaction_labels (
    ingest_id, topic, kafka_partition, kafka_offset, transaction_id, label, source, labelled_at,
    received_at
)
select
    n, 'labels', 0, n, 't' || n * 97 %% {landed} + 1,
    (array['fraud', 'legitimate'])[1 + n %% 2], 'chargeback',
    timestamptz '2024-02-01' + n * interval '8 seconds', now()
from generate_series(%s::bigint, %s) as n
"""
PLAIN = """
insert into flattened
select s.ingest_id, s.transaction_id, s.customer_id, s.event_time, e.*
from raw.transactions_stream as s
cross join lateral json_to_record(s.payload::json) as e (
    merchant_id text, device_id text, amount numeric(18, 4), currency text, payment_method text,
    voucher_code text, items jsonb, shipping jsonb
)
where s.ingest_id > %s and s.ingest_id <= %s
"""


class Cost(NamedTuple):
    """Of one run or of many, in seconds of wall clock.

    `models` are the models' own times added up, which is longer than they took, because two are
    built at once. The `idle` run before had nothing to do: its time is what dbt takes for itself.
    `plain` is one INSERT that flattens the same orders without dbt.
    """

    whole: float
    models: float
    idle: float
    idle_models: float
    plain: float


Rounds = list[tuple[Cost, Cost]]
"""On the shorter and on the longer history, one right after the other."""


class History:
    """A database that grows, and runs over what it grew by."""

    def __init__(self, settings: Settings, customers: int, select: list[str]) -> None:
        self._settings, self._customers, self._select = settings, customers, select
        self._manifest = parse(settings)
        self._last = 0

    def begin(self, orders: int) -> None:
        """With so many landed, built, and their statistics as autovacuum keeps them."""
        self.grow(orders)
        self._build(data_tests=False)
        self._analyze()
        self._build()

    def grow(self, orders: int) -> None:
        """Land so many orders with decisions, and a label for every hundredth behind them."""
        first, last = self._last + 1, self._last + orders
        self._last = last + orders // 100
        names = {"customers": self._customers, "landed": last}
        with closing(self._owner()) as owner, owner, owner.cursor() as cursor:
            for made in range(0, self._last + 9_000_000, 9_000_000):
                cursor.execute("select raw.ensure_partitions(%s)", (min(made, self._last),))
            cursor.execute(ORDERS.format(**names), (first, last))
            cursor.execute(DECISIONS.format(**names), (first, last))
            cursor.execute(LABELS.format(**names), (last + 1, self._last))

    def round(self) -> Cost:
        """A run with nothing to do, and the run after NEW orders; each is the dbt part of one run
        of the pipeline, tests included."""
        idle, idly = _timed(self._build)
        before = self._last
        self.grow(NEW)
        whole, result = _timed(self._build)
        return Cost(whole, _of_models(result), idle, _of_models(idly), self._plain(before))

    def _build(self, *, data_tests: bool = True) -> BuildResult:
        result = build(
            self._settings, select=self._select, data_tests=data_tests, manifest=self._manifest
        )
        if not result.is_good:
            raise RuntimeError("\n".join(f"{p.name}: {p.message}" for p in result.problems))
        return result

    def _plain(self, after: int) -> float:
        with closing(self._owner()) as owner, owner, owner.cursor() as cursor:
            cursor.execute(
                "create temporary table flattened (ingest_id bigint primary key,"
                " transaction_id text, customer_id text, event_time timestamptz, merchant_id text,"
                " device_id text, amount numeric, currency text, payment_method text,"
                " voucher_code text, items jsonb, shipping jsonb) on commit drop"
            )
            seconds, _ = _timed(lambda: cursor.execute(PLAIN, (after, self._last)))
        return seconds

    def _analyze(self) -> None:
        for role in (Role.OWNER, Role.DBT):
            with closing(connect(self._settings, role, application="costs")) as connection:
                connection.autocommit = True
                with connection.cursor() as cursor:
                    cursor.execute("analyze")

    def _owner(self) -> Connection:
        return connect(self._settings, Role.OWNER, application="costs")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def _of_models(result: BuildResult) -> float:
    return sum(node.seconds for node in result.nodes if node.kind == "model")


def measure(short: History, long: History, repeats: int) -> Rounds:
    """Turn by turn, so that both meet the same load."""
    rounds: Rounds = []
    for number in range(repeats):
        if number % 2:
            after, before = long.round(), short.round()
        else:
            before, after = short.round(), long.round()
        rounds.append((before, after))
    return rounds


def main() -> None:
    """Fill, measure, print, and drop the databases again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500_000, help="the shorter history")
    parser.add_argument("--select", nargs="*", default=[], help="dbt's selection; all by default")
    wishes = parser.parse_args()
    end_on_sigterm()
    rounds = on_own_databases(load_settings(), wishes.orders, wishes.select)
    _print(wishes.orders, rounds)


def on_own_databases(
    given: Settings, orders: int, select: list[str], *, repeats: int = REPEATS
) -> Rounds:
    """On the server of those settings, over so many orders and ten times as many."""
    with _database(given, "short") as short, _database(given, "long") as long:
        customers = max(orders // 20, 100)
        histories = [History(own, customers, select) for own in (short, long)]
        for history, size in zip(histories, (orders, 10 * orders), strict=True):
            history.begin(size)
        return measure(*histories, repeats=repeats)


@contextmanager
def _database(given: Settings, name: str) -> Generator[Settings]:
    database = sql.Identifier(f"warehouse_costs_{name}")
    with closing(connect(given, Role.OWNER, application="costs")) as owner:
        owner.autocommit = True
        with owner.cursor() as cursor, TemporaryDirectory() as home:
            cursor.execute(sql.SQL("drop database if exists {}").format(database))
            cursor.execute(sql.SQL("create database {}").format(database))
            own = {"postgres_db": database.string, "fraud_home": Path(home)}
            try:
                migrate(given.model_copy(update=own))
                yield given.model_copy(update=own)
            finally:
                cursor.execute(sql.SQL("drop database {}").format(database))


def seconds(rounds: Rounds) -> tuple[Cost, Cost]:
    """Medians, on the shorter and on the longer history."""
    short, long = ([pair[at] for pair in rounds] for at in (0, 1))
    return _medians(short), _medians(long)


def _medians(costs: Sequence[Cost]) -> Cost:
    return Cost(*(median(values) for values in zip(*costs, strict=True)))


def ratios(rounds: Rounds) -> dict[str, float]:
    """Long by short within a round, medians over the rounds; and what dbt adds to plain SQL."""
    each = {name: [getattr(b, name) / getattr(a, name) for a, b in rounds] for name in Cost._fields}
    each["models, less idle"] = [
        (b.models - b.idle_models) / (a.models - a.idle_models) for a, b in rounds
    ]
    each["models to plain"] = [b.models / b.plain for _, b in rounds]
    return {name: median(values) for name, values in each.items()}


def _print(orders: int, rounds: Rounds) -> None:
    table = Table(title=f"A run over {NEW:,} new orders, seconds")
    for column in ("", f"on {orders:,}", f"on {10 * orders:,}", "ratio"):
        table.add_column(column, justify="right")
    short, long = (cost._asdict() for cost in seconds(rounds))
    for name, ratio in ratios(rounds).items():
        values = (f"{cost[name]:.2f}" if name in cost else "" for cost in (short, long))
        table.add_row(name, *values, f"{ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
