"""What tests of erasures share: a customer full of canaries, and a look everywhere for them."""

from contextlib import closing
from typing import Any

from psycopg2 import sql

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.erasure.run import Erasure, erase_customer

VICTIM = "kanarie-4711"
PLACE = 12.345678
CANARIES = ("kanarie", "77777123", "203.0.113.77", str(PLACE))
PERSONAL: dict[str, Any] = {
    "customer_id": VICTIM,
    "customer_email": "Kanarie.Mail@example.org",
    "customer_phone": "+49 30 77777123",
    "customer_name": "Kanarie Name",
    "ip_address": "203.0.113.77",
    "ip_latitude": PLACE,
    "ip_longitude": PLACE,
    "browser_fingerprint": "kanarie-browser",
    "card_fingerprint": "kanarie-card",
    "session_id": "kanarie-session",
    "device_id": "d1",
    "referrer_url": "https://example.org/?who=kanarie",
    "shipping": {
        **{"country": "DE", "city": "Kanariestadt", "postal_code": "kanarie-1"},
        **{"latitude": PLACE, "longitude": PLACE},
    },
    "billing": {
        **{"country": "DE", "city": "Kanariedorf", "postal_code": "kanarie-2"},
        **{"latitude": PLACE, "longitude": PLACE},
    },
    "not_in_the_contract": "kanarie-extra",
}
AMOUNTS = (
    "select order_date, currency, count(*), sum(amount), sum(amount_reporting),"
    " count(distinct customer_id), count(*) filter (where is_flagged), array_agg(distinct outcome)"
    " from marts.fct_transactions group by 1, 2 order by 1, 2"
)
"""What an erasure must not change; asked as the dbt role."""


class Platform:
    """Whom to ask, and the erasure as an operator does it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def erase(self, customer_id: str, **more: Any) -> Erasure:
        return erase_customer(self.settings, customer_id, by="officer", why="article 17", **more)

    def ask(self, query: str, *values: Any, role: Role = Role.OWNER) -> list[tuple[Any, ...]]:
        connection = connect(self.settings, role, application="tests")
        with closing(connection), connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def found(self, words: tuple[str, ...]) -> list[str]:
        """Tables and views, of all schemas of ours, in which one of the words stands."""
        relations = self.ask(
            "select schemaname, tablename, tableowner from pg_tables"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        )
        hits: list[str] = []
        for schema, name, owner in relations:
            role = Role.DBT if owner == self.settings.dbt_user else Role.OWNER
            text = sql.SQL("select lower(t::text), t::text from {} as t").format(
                sql.Identifier(schema, name)
            )
            rows = self.ask(text, role=role)  # pyright: ignore[reportArgumentType] - psycopg2 takes it
            shown = " ".join(row for row, _ in rows)
            hexed = [word.encode().hex() for word in words]
            if any(word in shown for word in (*words, *hexed)):
                hits.append(f"{schema}.{name}")
        return hits
