"""Clear what an erasure has rewritten out of the tables' files: it stands there until a vacuum.

Autovacuum comes when a fifth of a table is dead, which one customer's rows never are.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.waiting import first_line

Table = tuple[str, str]
"""Schema and name."""

Tables = Mapping[Role, Sequence[Table]]
"""By the role that owns them, which alone may vacuum them."""

LOCK_SECONDS = 10
"""How long to wait for whoever changes or vacuums a table."""


def own_tables(cursor: Cursor, names: Sequence[str], ingest_ids: Sequence[int]) -> list[Table]:
    """Those of the tables that the cursor's role owns; of the ledger, the orders' partitions."""
    cursor.execute(_OWN, {"names": list(names), "n": list(ingest_ids)})
    return cursor.fetchall()


def vacuum(settings: Settings, tables: Tables) -> tuple[str, ...]:
    """Never fails, for what was erased stays so; returns a sentence for each table that is left."""
    left: list[str] = []
    for role, own in tables.items():
        for table in own:
            try:
                _vacuum(settings, role, table)
            except psycopg2.Error as error:
                left.append(
                    f"what was erased is still in the file of {'.'.join(table)}, to be vacuumed by "
                    f"its owner: {first_line(error)}"
                )
    return tuple(left)


def _vacuum(settings: Settings, role: Role, table: Table) -> None:
    """With its indexes, however little is dead, and with the values that its statistics quote."""
    with closing(
        connect(
            settings,
            role,
            application="fraud erase-customer",
            options=f"-c lock_timeout={int(1000 * LOCK_SECONDS)}ms",
        )
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("vacuum (analyze, index_cleanup on) {}").format(sql.Identifier(*table))
            )


_OWN = """
select schema.nspname, relation.relname
from pg_class as relation
inner join pg_namespace as schema on schema.oid = relation.relnamespace
where
    relation.relkind = 'r'
    and pg_get_userbyid(relation.relowner) = current_user
    and (
        schema.nspname || '.' || relation.relname = any(%(names)s)
        or relation.oid in (
            select tableoid from raw.transactions_stream where ingest_id = any(%(n)s)
            union all
            select tableoid from raw.transaction_decisions where ingest_id = any(%(n)s)
        )
    )
order by 1, 2
"""
