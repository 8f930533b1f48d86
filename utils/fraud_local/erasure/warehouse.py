"""Put tokens in the place of a customer in every table that dbt has built.

Which tables and columns there are is asked of the database, so that a new model is not forgotten:
a row is his by its customer_id or its ingest_id, and what is to change shows in a column's name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_local.erasure.order import Values

SCHEMAS = ("raw", "restricted", "staging", "marts")
CLEAR = frozenset(
    {
        *("customer_email", "customer_phone", "customer_name", "card_fingerprint"),
        *("browser_fingerprint", "ip_address", "shipping_city"),
        *("shipping_postal_code", "billing_city", "billing_postal_code"),
    }
)
"""Columns with personal data in clear; what no order explains any more becomes `erased`."""


class Erased(msgspec.Struct, frozen=True):
    """Who goes, by the id in the warehouse, what stands for him, and what becomes of his values."""

    warehouse_id: str
    erased_id: str
    ingest_ids: Sequence[int]
    labels: Sequence[int]
    values: Values
    local_times: Mapping[int, datetime]


class Table(msgspec.Struct, frozen=True):
    """A table that dbt has built, with the types of its columns."""

    schema: str
    name: str
    columns: dict[str, str]

    @property
    def identifier(self) -> sql.Identifier:
        """For a statement."""
        return sql.Identifier(self.schema, self.name)


def built_tables(cursor: Cursor) -> list[Table]:
    """Every table that the dbt role owns in the schemas of the models, seeds among them."""
    cursor.execute(_TABLES, (list(SCHEMAS),))
    return [Table(*row) for row in cursor.fetchall()]


def erase(cursor: Cursor, table: Table, erased: Erased) -> int:
    """Rows changed. Numbers, times and countries stay, so that every sum does."""
    changed = _set_texts(cursor, table, erased)
    for column in ("event_local_time", "occurred_local_at"):
        if column in table.columns and "ingest_id" in table.columns:
            _set_local_times(cursor, table, column, erased)
    if "browser_pseudonym" in table.columns and not _is_per_customer(table):
        changed += _set_browsers(cursor, table, erased)
    if {"label_id", "reason"} <= table.columns.keys():
        changed += _set_reasons(cursor, table, erased)
    return changed


def is_covered(table: Table) -> bool:
    """Whether rows of a customer can be told, wherever a column says something about him."""
    return _is_per_customer(table) or not any(
        _change(name, kind) for name, kind in table.columns.items() if name != "browser_pseudonym"
    )


def _is_per_customer(table: Table) -> bool:
    return bool({"customer_id", "ingest_id"} & table.columns.keys())


def _set_texts(cursor: Cursor, table: Table, erased: Erased) -> int:
    changes = {
        name: change for name, kind in table.columns.items() if (change := _change(name, kind))
    }
    if not changes or not _is_per_customer(table):
        return 0
    statement = sql.SQL("update {} set {} where {}").format(
        table.identifier,
        sql.SQL(", ").join(
            sql.SQL("{column} = " + change).format(
                column=sql.Identifier(name), name=sql.Literal(name)
            )
            for name, change in changes.items()
        ),
        sql.SQL(_OWN_BY_CUSTOMER if "customer_id" in table.columns else _OWN_BY_ORDER),
    )
    cursor.execute(statement, _parameters(erased))
    return cursor.rowcount


def _change(name: str, kind: str) -> str | None:
    """What becomes of a column of this name and type in rows of the customer."""
    if kind == "double precision" and name.endswith(("latitude", "longitude")):
        return "{column} * 0 + 0"  # west and south would leave a -0
    if kind != "text":
        return None
    if name in CLEAR:
        return _CLEAR
    if name.endswith("_pseudonym"):
        return _PSEUDONYM
    if "customer" in name and name.endswith("_id"):
        return _ID
    return {"entity": _ENTITY, "session_id": _SESSION, "referrer_url": "null::text"}.get(name)


def _parameters(erased: Erased) -> dict[str, Any]:
    pseudonyms = {
        old: new
        for column, found in erased.values.items()
        if column.endswith("_pseudonym")
        for old, new in found.items()
    }
    return {
        "n": list(erased.ingest_ids),
        "old": erased.warehouse_id,
        "new": erased.erased_id,
        "values": msgspec.json.encode(erased.values).decode(),
        "pseudonyms": msgspec.json.encode(pseudonyms).decode(),
        "tokens": list(pseudonyms.values()),
        "texts": [new for found in erased.values.values() for new in found.values()],
    }


def _set_local_times(cursor: Cursor, table: Table, column: str, erased: Erased) -> None:
    execute_values(
        cursor,
        sql.SQL(
            "update {} as target set {} = given.at from (values %s) as given (ingest_id, at)"
            " where target.ingest_id = given.ingest_id"
        )
        .format(table.identifier, sql.Identifier(column))
        .as_string(cursor),
        list(erased.local_times.items()),
    )


def _set_reasons(cursor: Cursor, table: Table, erased: Erased) -> int:
    cursor.execute(
        sql.SQL("update {} set reason = 'erased' where ingest_id = any(%s)").format(
            table.identifier
        ),
        (list(erased.labels),),
    )
    return cursor.rowcount


def _set_browsers(cursor: Cursor, table: Table, erased: Erased) -> int:
    """A device keeps the browser of its latest order, which may be one of his."""
    statement = sql.SQL("update {} as target set {column} = {new} where {old} and {latest}").format(
        table.identifier,
        column=sql.Identifier("browser_pseudonym"),
        new=sql.SQL(_PSEUDONYM).format(column=sql.Identifier("browser_pseudonym")),
        old=sql.SQL("%(pseudonyms)s::jsonb ? browser_pseudonym"),
        latest=sql.SQL(_KEPT_FROM_HIM if "attribute_places" in table.columns else _NOT_STAGED),
    )
    cursor.execute(statement, _parameters(erased))
    return cursor.rowcount


_KEPT_FROM_HIM = "right(attribute_places ->> 'browser_pseudonym', 19)::bigint = any(%(n)s)"
_NOT_STAGED = (
    "not exists (select from staging.stg_devices as held where held.device_id = target.device_id"
    " and held.browser_pseudonym = target.browser_pseudonym)"
)
_OWN_BY_CUSTOMER = "customer_id = %(old)s"
_OWN_BY_ORDER = "ingest_id = any(%(n)s)"
_ID = (
    "case when {column} = %(old)s then %(new)s"
    " when starts_with({column}, %(old)s || '@')"
    " then %(new)s || substr({column}, length(%(old)s) + 1) else {column} end"
)
_CLEAR = (
    "coalesce(%(values)s::jsonb -> {name} ->> {column},"
    " case when coalesce({column}, '') = '' or {column} = any(%(texts)s)"
    " then {column} else 'erased' end)"
)
_PSEUDONYM = (
    "coalesce(%(pseudonyms)s::jsonb ->> {column}, case when {column} is null"
    " or {column} = any(%(tokens)s) then {column}"
    " else left(encode(sha256(convert_to(%(new)s || {column}, 'UTF8')), 'hex'), 32) end)"
)
_ENTITY = (
    "case when entity_type = 'account' then %(new)s"
    f" when entity_type = 'device' then {{column}} else {_PSEUDONYM} end"
)
_SESSION = "coalesce(%(values)s::jsonb -> {name} ->> {column}, {column})"

_TABLES = """
select
    schema.nspname,
    relation.relname,
    jsonb_object_agg(attribute.attname, format_type(attribute.atttypid, attribute.atttypmod))
from pg_class as relation
inner join pg_namespace as schema on schema.oid = relation.relnamespace
inner join pg_attribute as attribute on attribute.attrelid = relation.oid
where
    relation.relkind = 'r'
    and pg_get_userbyid(relation.relowner) = current_user
    and schema.nspname = any(%s)
    and attribute.attnum > 0
    and not attribute.attisdropped
group by schema.nspname, relation.relname
order by schema.nspname desc, relation.relname
"""
