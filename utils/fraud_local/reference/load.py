"""Put an interval's changes into the reference tables: however often, and in whatever order."""

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import msgspec
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.reference.marketplace import (
    Changes,
    CustomerRecord,
    Marketplace,
    ProductRecord,
    ShopRecord,
)

_TABLES = (("customers", CustomerRecord), ("shops", ShopRecord), ("products", ProductRecord))


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that were added or changed; none when the interval had been loaded before."""

    since: datetime
    until: datetime
    customers: int
    shops: int
    products: int


def load_interval(settings: Settings, since: datetime, until: datetime) -> Loaded:
    """Load what the marketplace has of an interval; the first load brings what was there before."""
    marketplace = Marketplace(settings.marketplace_seed, settings.marketplace_customers)
    with (
        closing(connect(settings, Role.DBT, application="fraud reference")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        begin = since if _is_filled(cursor) else datetime.min.replace(tzinfo=since.tzinfo)
        changes = marketplace.changes(begin, until)
        return Loaded(since=since, until=until, **upsert(cursor, changes))


def upsert(cursor: Cursor, changes: Changes) -> dict[str, int]:
    """Write each record's newest version; an older one never replaces a newer one."""
    return {table: _upsert(cursor, table, kind, changes) for table, kind in _TABLES}


def _is_filled(cursor: Cursor) -> bool:
    cursor.execute("select exists (select from reference.products)")
    return cursor.fetchall()[0][0]


def _upsert(cursor: Cursor, table: str, kind: type[msgspec.Struct], changes: Changes) -> int:
    names = kind.__struct_fields__
    records: Sequence[Any] = getattr(changes, table)
    newest = {getattr(record, names[0]): record for record in records}
    rows = [msgspec.structs.astuple(newest[key]) for key in sorted(newest)]
    if not rows:
        return 0
    key, columns = sql.Identifier(names[0]), sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL(
        "insert into reference.{table} as known ({columns}) values %s "
        "on conflict ({key}) do update set ({columns}) = row (excluded.*) "
        "where excluded.changed_at > known.changed_at returning 1"
    ).format(table=sql.Identifier(table), columns=columns, key=key)
    return len(execute_values(cursor, statement, rows, page_size=1_000, fetch=True))
