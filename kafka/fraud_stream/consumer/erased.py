"""Customers who were erased: their orders must not come back, nor their past into any memory.

An erasure ends every scorer's lease, so what is read once when scoring begins stays true.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.events import OrderEvent
from fraud_core.pseudonym import erased_id
from fraud_core.settings import Settings
from fraud_stream.consumer.waiting import Database

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def last_erasure(cursor: Cursor) -> int:
    """Grows with each; a state of before the last one may hold what was erased."""
    cursor.execute("select coalesce(max(erasure_id), 0) from raw.erasures")
    ((last,),) = cursor.fetchall()
    return last


class Erased:
    """Knows them by keyed hashes. The hash is only reckoned for orders from before an erasure.

    Raises SettingsError when there are some and PSEUDONYM_KEY is not set.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._when: Mapping[str, datetime] = database.run(_erased)
        self._newest = max(self._when.values(), default=LONG_AGO)
        self._secret = settings.pseudonym_secret() if self._when else ""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._when)

    def includes(self, order: OrderEvent) -> bool:
        """Whether the order is from before the last erasure of its customer."""
        if order.event_time > self._newest:
            return False
        at = self._when.get(erased_id(self._secret, order.customer_id))
        return at is not None and order.event_time <= at


def _erased(cursor: Cursor) -> dict[str, datetime]:
    cursor.execute("select erased_id, max(erased_at) from raw.erasures group by erased_id")
    return dict(cursor.fetchall())
