"""A database with old orders and a new one, for what drops and prunes."""

from contextlib import closing
from typing import Any

from fraud_core.database import connect
from fraud_core.settings import Role, Settings

OLD = 1_000_001
"""The first ingest_id of the second partition; those below are a year and a day old."""


READERS = {
    "marts.fct_transactions": "ingest_id",
    "marts.fct_decisions": "ingest_id",
    "marts.fct_rule_hits": "ingest_id",
    "marts.mart_rule_overlaps": "last_ingest_id",
    "restricted.personal_transactions": "ingest_id",
}
"""Models that read landed orders or decisions themselves, and what says how far each has read."""


class Database:
    """Three old orders in the first partition, and a new one in the second."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ask("select raw.ensure_partitions(%s)", OLD)
        for offset, ingest_id in enumerate((1, 2, 3, OLD)):
            self.land(ingest_id, offset + 1)
        topic = settings.kafka_topic_transactions
        self.ask("insert into raw.stream_offsets values (%s, 0, 'id', 5, now())", topic)
        self.ask(
            "insert into raw.duplicate_transactions values (%s, 0, 0, 't1', now(), now())", topic
        )

    def ask(self, statement: str, *values: Any, role: Role = Role.OWNER) -> list[tuple[Any, ...]]:
        with (
            closing(connect(self.settings, role, application="tests")) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def built_up_to(self, ingest_id: int) -> None:
        """As much of the models that read the ledger as retention looks at."""
        for model, mark in READERS.items():
            self.ask(
                f"create table {model} as select %s::bigint as {mark}", ingest_id, role=Role.DBT
            )
        self.ask(
            "alter table marts.fct_decisions add rule_count int default 1, "
            "add shadow_rule_count int default 0, add snoozed_rule_count int default 0",
            role=Role.DBT,
        )

    def filling(self) -> list[str]:
        """Partitions that Postgres does not vacuum for what comes in."""
        return [
            name
            for (name,) in self.ask(
                "select relname::text from pg_class "
                "where 'autovacuum_vacuum_insert_threshold=-1' = any (reloptions)"
            )
        ]

    def landed(self) -> list[int]:
        return [n for (n,) in self.ask("select ingest_id from raw.transactions_stream order by 1")]

    def land(self, ingest_id: int, offset: int) -> None:
        age = "366 days" if ingest_id < OLD else "1 hour"
        self.ask(
            "insert into raw.transactions_stream select %s, %s, 0, %s, %s, 'c', "
            "now() - %s::interval, now() - %s::interval, '{}'",
            *(ingest_id, self.settings.kafka_topic_transactions, offset, f"t{ingest_id}", age, age),
        )
        self.ask(
            "insert into raw.transaction_decisions values (%s, %s, 'r', 'l', 'approve', 0, '', "
            "'{}', '[]', '{}', '[]', '[]', '[]', '[]', now() - %s::interval)",
            *(ingest_id, f"t{ingest_id}", age),
        )
        self.ask("insert into raw.transaction_keys values (%s, %s)", f"t{ingest_id}", ingest_id)
