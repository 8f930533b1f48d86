"""What tests of landing share: orders, a look into the ledger, consumers as processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg2 import sql
from pydantic import SecretStr

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings

PATIENCE_SECONDS = 60.0
START = datetime(2026, 1, 1, tzinfo=UTC)

Message = tuple[int, bytes | None]
"""A partition and a value."""

Publish = Callable[[Iterable[Message]], int]
StartConsumer = Callable[[Settings], "ConsumerProcess"]


def order(number: int, **changes: Any) -> bytes:
    """The message of an order; numbers in a row are seconds apart and share ten customers."""
    fields = {
        "schema_version": 1,
        "transaction_id": f"t-{number}",
        "customer_id": f"c-{number % 10}",
        "merchant_id": "m-1",
        "event_time": (START + timedelta(seconds=number)).isoformat(),
        "amount": 10.0 + number % 500,
        "currency": "EUR",
        "payment_method": "card",
        "card_country": "DE",
        "shipping": {"country": "FR" if number % 7 == 0 else "DE"},
    }
    return json.dumps({**fields, **changes}, ensure_ascii=False).encode()


def empty_tables(settings: Settings) -> None:
    """Of schema raw, as if nothing had ever landed."""
    connection = connect(settings, Role.OWNER, application="tests")
    with connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'raw'")
        tables = [sql.Identifier("raw", name) for (name,) in cursor.fetchall()]
        cursor.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(tables)))
    connection.close()


def key_of(value: bytes | None) -> bytes:
    """The customer's id, as producers key their orders; `key` for a message that has none."""
    try:
        return json.loads(value or b"")["customer_id"].encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return b"key"


def eventually(
    what: str, condition: Callable[[], bool], patience: float = PATIENCE_SECONDS
) -> None:
    """Wait for something that another process brings about; fail, naming it, when it never does."""
    until = time.monotonic() + patience
    while not condition():
        if time.monotonic() > until:
            pytest.fail(f"never happened: {what}")
        time.sleep(0.05)


class Ledger:
    """Looks at what has landed, as the owner."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def rows(self, query: str, *parameters: Any, role: Role = Role.OWNER) -> list[tuple[Any, ...]]:
        connection = connect(self._settings, role, application="tests")
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query, parameters)
                return cursor.fetchall()
        finally:
            connection.close()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.rows(query, *parameters)[0][0]

    def landed(self) -> int:
        return self.value("select count(*) from raw.transactions_stream")

    def end_sessions_of_consumers(self) -> None:
        """Only their own role may do so; the owner is no superuser."""
        self.rows(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where usename = current_user and pid <> pg_backend_pid()",
            role=Role.CONSUMER,
        )

    def holder(self) -> str:
        return self.value("select coalesce(max(holder), '') from raw.scorer_lease")

    def decisions(self) -> dict[str, tuple[Any, ...]]:
        """By transaction, everything that must not depend on when or where it was decided."""
        query = (
            "select transaction_id, rule_set_version, outcome, score, factors::jsonb::text, "
            "reasons::text, features::jsonb::text from raw.transaction_decisions"
        )
        return {row[0]: row[1:] for row in self.rows(query)}

    def coordinates(self) -> list[tuple[int, int]]:
        """Partition and offset of every message that is in any of the three tables."""
        return self.rows(
            "select kafka_partition, kafka_offset from raw.transactions_stream "
            "union all select kafka_partition, kafka_offset from raw.duplicate_transactions "
            "union all select kafka_partition, kafka_offset from raw.dead_letters order by 1, 2"
        )


class ConsumerProcess:
    """`fraud consume` as a process of its own, which can be killed and frozen."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("fraud"), "consume"],
                env=environment(settings),
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self) -> int:
        return self._process.wait(PATIENCE_SECONDS)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def said(self, text: str) -> bool:
        return text in self._log.read_text()

    def end(self) -> None:
        """Whatever state it is in."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """The settings as variables for a child process, in place of this one's own."""
    values = settings.model_dump()
    named = {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }
    return {**os.environ, **named}
