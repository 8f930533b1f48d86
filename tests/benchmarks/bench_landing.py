"""Ways to write the same orders and decisions into the same tables, by the clock."""

import io
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from statistics import median

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_core.database import connect
from fraud_core.settings import Role
from fraud_stream.consumer import copy_binary
from fraud_stream.consumer.rows import COLUMNS
from fraud_stream.scoring.order.clock import microseconds
from tests.benchmarks.drain import TABLES, drain, fill, insert_statement
from tests.benchmarks.harness import Bench, Found, Wishes
from tests.benchmarks.own_stack import own_stack

Rows = Mapping[str, Sequence[Sequence[object]]]
BATCH = 1_000


Write = Callable[[Cursor, Rows], None]
"""Within a transaction; what does not change from one to the next is known by then."""


def _copy(_: Cursor) -> Write:
    def write(cursor: Cursor, batch: Rows) -> None:
        for table, rows in batch.items():
            text = io.StringIO("".join("\t".join(map(_escaped, row)) + "\n" for row in rows))
            cursor.copy_expert(f"copy {table} ({COLUMNS[table]}) from stdin", text)

    return write


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


def _binary_copy(prepared: Cursor) -> Write:
    encoders = {table: [_BINARY[kind] for kind in _types(prepared, table)] for table in TABLES}

    def write(cursor: Cursor, batch: Rows) -> None:
        for table, rows in batch.items():
            whole = copy_binary.framed(
                copy_binary.row(
                    *[encode(str(v)) for encode, v in zip(encoders[table], row, strict=True)]
                )
                for row in rows
            )
            cursor.copy_expert(
                f"copy {table} ({COLUMNS[table]}) from stdin (format binary)", io.BytesIO(whole)
            )

    return write


_BINARY: Mapping[str, Callable[[str], bytes]] = {
    "bigint": lambda value: copy_binary.bigint(int(value)),
    "integer": lambda value: copy_binary.integer(int(value)),
    "double precision": lambda value: copy_binary.double(float(value)),
    "text": lambda value: copy_binary.field(value.encode()),
    "json": lambda value: copy_binary.field(value.encode()),
    "jsonb": lambda value: copy_binary.jsonb(value.encode()),
    "timestamp with time zone": lambda value: copy_binary.timestamptz(
        microseconds(datetime.fromisoformat(value))
    ),
}


def _values(prepared: Cursor) -> Write:
    templates = {
        table: ", ".join(f"%s::{kind}" for kind in _types(prepared, table)) for table in TABLES
    }

    def write(cursor: Cursor, batch: Rows) -> None:
        for table, rows in batch.items():
            execute_values(
                cursor,
                f"insert into {table} ({COLUMNS[table]}) values %s",
                rows,
                template=f"({templates[table]})",
                page_size=BATCH,
            )

    return write


def _row_by_row(prepared: Cursor) -> Write:
    statements = {table: insert_statement(prepared, table) for table in TABLES}

    def write(cursor: Cursor, batch: Rows) -> None:
        for table, rows in batch.items():
            for row in rows:
                cursor.execute(statements[table], row)

    return write


def _types(cursor: Cursor, table: str) -> list[str]:
    schema, name = table.split(".")
    cursor.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = %s and table_name = %s",
        (schema, name),
    )
    types = dict(cursor.fetchall())
    return [types[column] for column in COLUMNS[table].split(", ")]


WAYS: dict[str, tuple[Callable[[Cursor], Write], int]] = {
    "COPY": (_copy, BATCH),
    "COPY in its binary form": (_binary_copy, BATCH),
    "insert of many values": (_values, BATCH),
    "an insert a row": (_row_by_row, BATCH),
    "an insert and a commit a row": (_row_by_row, 1),
}
"""How, and how many orders a transaction; all encode in Python, as a consumer must."""


def _landing(wishes: Wishes) -> Found:
    """Orders that were scored before are written again and again."""
    orders = wishes.orders
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    with own_stack() as settings:
        fill(settings, orders)
        drain(settings, orders)
        with closing(connect(settings, Role.OWNER, application="bench")) as connection:
            with connection, connection.cursor() as cursor:
                rows = {table: _all(cursor, table) for table in TABLES}
                ways = {way: (prepare(cursor), size) for way, (prepare, size) in WAYS.items()}
            for _ in range(wishes.rounds):
                for way, (write, size) in ways.items():
                    with connection, connection.cursor() as cursor:
                        cursor.execute(f"truncate {', '.join(TABLES)}")
                    began = time.perf_counter()
                    for at in range(0, orders, size):
                        with connection, connection.cursor() as cursor:
                            write(cursor, {t: r[at : at + size] for t, r in rows.items()})
                    found[way].append((time.perf_counter() - began) / orders)
    costs = {way: median(times) for way, times in found.items()}
    return Found(
        rounds=wishes.rounds,
        ratios={f"{way}, times COPY": cost / costs["COPY"] for way, cost in costs.items()},
        figures={f"{way}, µs an order": cost * 1e6 for way, cost in costs.items()},
    )


def _all(cursor: Cursor, table: str) -> list[tuple[object, ...]]:
    columns = ", ".join(f"{name}::text" for name in COLUMNS[table].split(", "))
    cursor.execute(f"select {columns} from {table} order by ingest_id")
    return cursor.fetchall()


BENCHES = (
    Bench(
        name="landing",
        about="ways to write the same orders",
        run=_landing,
        sizes={"orders": BATCH},
    ),
)
