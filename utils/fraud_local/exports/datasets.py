"""Which data sets are exported, with their fixed schemas: a reader's contract.

Columns are named as in the marts, which describe them. The partition's own column, order_date, is
in the path and not in the file, as Hive, Spark, DuckDB and BigQuery expect.
"""

from typing import Any

import msgspec
import pyarrow as pa

Table = Any
Schema = Any
"""Of pyarrow, which ships no types."""

PARTITION = "order_date"

_INSTANT = pa.timestamp("us", tz="UTC")
_MONEY = pa.decimal128(18, 4)
_TEXT = pa.string()
_FACTORS = ("velocity", "geographic", "behavioural", "profile", "amount", "temporal")


class Dataset(msgspec.Struct, frozen=True):
    """Rows of one day; `rows` selects them, in the order of a key, with `%(day)s` for the day."""

    name: str
    schema: Schema
    rows: str

    @property
    def query(self) -> str:
        """All columns of the schema, of the day's rows."""
        columns = ", ".join(f"d.{name}" for name in self.schema.names)
        return f"select {columns} from {self.rows}"  # noqa: S608 - constants of this module


def _schema(**columns: Any) -> Schema:
    return pa.schema([pa.field(name, kind) for name, kind in columns.items()])


TRANSACTIONS = Dataset(
    "transactions",
    _schema(
        ingest_id=pa.int64(),
        transaction_id=_TEXT,
        session_id=_TEXT,
        customer_id=_TEXT,
        customer_version_id=_TEXT,
        merchant_id=_TEXT,
        merchant_owner_id=_TEXT,
        device_id=_TEXT,
        occurred_at=_INSTANT,
        received_at=_INSTANT,
        transaction_type=_TEXT,
        transaction_status=_TEXT,
        decline_code=_TEXT,
        amount=_MONEY,
        currency=_TEXT,
        discount_amount=_MONEY,
        voucher_code=_TEXT,
        promotion_id=_TEXT,
        item_count=pa.int32(),
        payment_method=_TEXT,
        card_bin=_TEXT,
        card_country=_TEXT,
        ip_country=_TEXT,
        is_vpn=pa.bool_(),
        is_guest=pa.bool_(),
        merchant_category=_TEXT,
        merchant_country=_TEXT,
        customer_country=_TEXT,
        shipping_country=_TEXT,
        billing_country=_TEXT,
    ),
    "marts.fct_transactions as d where d.order_date = %(day)s order by d.ingest_id",
)

DECISIONS = Dataset(
    "decisions",
    _schema(
        ingest_id=pa.int64(),
        transaction_id=_TEXT,
        decided_at=_INSTANT,
        rule_set_version=_TEXT,
        lists_version=_TEXT,
        outcome=_TEXT,
        is_flagged=pa.bool_(),
        recommended_action=_TEXT,
        score=pa.float64(),
        **{f"{factor}_score": pa.float64() for factor in _FACTORS},
        main_rule=_TEXT,
        main_reason=_TEXT,
    ),
    "marts.fct_decisions as d where d.order_date = %(day)s order by d.ingest_id",
)

CUSTOMERS = Dataset(
    "customers",
    _schema(
        customer_version_id=_TEXT,
        customer_id=_TEXT,
        valid_from=_INSTANT,
        customer_country=_TEXT,
        account_created_at=_INSTANT,
        is_guest=pa.bool_(),
        email_pseudonym=_TEXT,
        phone_pseudonym=_TEXT,
        name_pseudonym=_TEXT,
    ),
    """marts.dim_customer as d
    where d.customer_version_id in (
        select f.customer_version_id from marts.fct_transactions as f where f.order_date = %(day)s
    )
    order by d.customer_version_id""",
)

MERCHANTS = Dataset(
    "merchants",
    _schema(
        merchant_version_id=_TEXT,
        merchant_id=_TEXT,
        valid_from=_INSTANT,
        merchant_owner_id=_TEXT,
        merchant_category=_TEXT,
        merchant_country=_TEXT,
    ),
    """marts.dim_merchant as d
    where
        d.merchant_id in (
            select f.merchant_id from marts.fct_transactions as f where f.order_date = %(day)s
        )
        and d.valid_from < (%(day)s::date + 1)::timestamp at time zone 'UTC'
        and (
            d.valid_to is null or d.valid_to > %(day)s::date::timestamp at time zone 'UTC'
        )
    order by d.merchant_version_id""",
)

DEVICES = Dataset(
    "devices",
    _schema(device_id=_TEXT, device_type=_TEXT, device_os=_TEXT, browser=_TEXT),
    """marts.dim_device as d
    where d.device_id in (
        select f.device_id from marts.fct_transactions as f where f.order_date = %(day)s
    )
    order by d.device_id""",
)

DATASETS = (TRANSACTIONS, DECISIONS, CUSTOMERS, MERCHANTS, DEVICES)
