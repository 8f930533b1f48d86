"""Erase a customer everywhere at once: one transaction over the ledger, one over the warehouse.

The ledger's is committed last. A crash before that leaves the originals there, from which the next
attempt comes to the same tokens; so it is enough to run it again. Which decisions counted him is
committed first, in a transaction of its own: the warehouse tells it only until it is erased.
"""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime

import msgspec
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import DatabaseError, ErasureError, UnknownCustomerError
from fraud_core.pseudonym import erased_id, pseudonym
from fraud_core.settings import Role, Settings
from fraud_local.erasure import counted, ledger, vacuum, warehouse
from fraud_local.erasure.named import Named, refuse_nobody
from fraud_local.erasure.order import Eraser, Values
from fraud_stream.scoring.order.identity import composed

Progress = Callable[[str, int], None]
"""Told of each table that is done, and how many of its rows changed."""


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or would be: rows by table.

    Files of tables that are `not_vacuumed`, and why, still hold what stood there before.
    """

    erased_id: str
    counts: dict[str, int]
    dry_run: bool
    not_vacuumed: tuple[str, ...] = ()


def erase_customer(
    settings: Settings,
    customer_id: str,
    *,
    by: str,
    why: str,
    at: datetime | None = None,
    dry_run: bool = False,
    progress: Progress = lambda _table, _rows: None,
) -> Erasure:
    """Put a token in the customer's place wherever he is, and note that it was done.

    Orders, amounts and outcomes stay, under an id that only the holder of PSEUDONYM_KEY can tell to
    be his. Orders from before `at`, which is now unless given, do not come in again. Running it
    again is safe. With `dry_run` everything is tried and taken back. Raises UnknownCustomerError
    when he is nowhere, ErasureError for a blank id and when it must not be done now.
    """
    refuse_nobody(customer_id)
    customer_id = composed(customer_id)
    secret = settings.pseudonym_secret()
    with (
        closing(connect(settings, Role.OWNER, application="fraud erase-customer")) as aside,
        closing(connect(settings, Role.OWNER, application="fraud erase-customer")) as owner,
        closing(connect(settings, Role.DBT, application="fraud erase-customer")) as dbt,
    ):
        try:
            with owner.cursor() as raw, dbt.cursor() as built, aside.cursor() as parity:
                attempt = _Run(
                    raw, built, parity, secret=secret, customer_id=customer_id, progress=progress
                )
                done = attempt.erase(by, why, at)
                rewritten = attempt.rewritten()
            if dry_run:
                return msgspec.structs.replace(done, dry_run=True)
            commit(aside, dbt, owner)
        except psycopg2.errors.InsufficientPrivilege as error:
            raise DatabaseError(f"erasing takes the owner of the tables: {error}") from error
    return msgspec.structs.replace(done, not_vacuumed=vacuum.vacuum(settings, rewritten))


def commit(aside: Connection, dbt: Connection, owner: Connection) -> None:
    """What was set aside first: the next attempt could not find it. The ledger's last: until then
    the originals are there to come to the same tokens from."""
    aside.commit()
    dbt.commit()
    owner.commit()


class _Run:
    """One attempt; nothing of it lasts until its caller commits."""

    def __init__(
        self,
        raw: Cursor,
        built: Cursor,
        parity: Cursor,
        *,
        secret: str,
        customer_id: str,
        progress: Progress,
    ) -> None:
        self._raw = raw
        self._built = built
        self._parity = parity
        self._secret = secret
        self._customer_id = customer_id
        self._base = erased_id(secret, customer_id)
        self._progress = progress
        self._counts: dict[str, int] = {}
        self._ingest_ids: list[int] = []

    def erase(self, by: str, why: str, at: datetime | None) -> Erasure:
        """Both parts, and the audit row."""
        ledger.refuse_shop_owner(self._raw, self._customer_id)
        self._keep_builds_out()
        ledger.end_scoring(self._raw)
        known_before, name = self._name()
        eraser = Eraser(self._secret, self._customer_id, name)
        orders = ledger.orders_of(self._raw, self._customer_id, eraser)
        ids = self._ingest_ids = [order.ingest_id for order in orders]
        counting = counted.counting(self._built, self._raw, self._warehouse_id())
        aside = counted.set_aside(self._parity, [*ids, *counting])
        self._count({"raw.unverifiable_decisions": aside})
        self._count(ledger.erase_orders(self._raw, orders, name))
        personal: set[str] = set()
        named = Named(self._customer_id, personal.union(*(o.erased.personal for o in orders)))
        self._count({"raw.dead_letters": ledger.empty_dead_letters(self._raw, named)})
        names = [order.transaction_id for order in orders]
        labels = ledger.erase_labels(self._raw, names, named)
        self._count({"raw.transaction_labels": len(labels)})
        self._count(ledger.delete_beside(self._raw, self._customer_id, names))
        self._erase_built(name, orders, labels)
        is_there = self._is_anywhere()
        if not known_before and not is_there:
            raise UnknownCustomerError(
                f"no customer {self._customer_id!r}: not in an order, a dead letter, the reference "
                "data or the warehouse; ids are compared letter by letter"
            )
        ledger.note(self._raw, self._base, by, why, at=at, counts=self._counts)
        return Erasure(
            erased_id=name if is_there else self._base, counts=self._counts, dry_run=False
        )

    def rewritten(self) -> vacuum.Tables:
        """Where rows were changed or deleted."""
        names = [table for table, rows in self._counts.items() if rows]
        return {
            Role.OWNER: vacuum.own_tables(self._raw, names, self._ingest_ids),
            Role.DBT: vacuum.own_tables(self._built, names, self._ingest_ids),
        }

    def _name(self) -> tuple[bool, str]:
        """Whether he was erased before, and the id that stands for him: who came back after an
        erasure and goes again gets another one, because its rows are there already."""
        times = ledger.times_erased(self._raw, self._base)
        return times > 0, self._base + (f"-{times + 1}" if times else "")

    def _erase_built(self, name: str, orders: list[ledger.LandedOrder], labels: list[int]) -> None:
        values: Values = {}
        for order in orders:
            for column, found in order.erased.values.items():
                values.setdefault(column, {}).update(found)
        erased = warehouse.Erased(
            warehouse_id=self._warehouse_id(),
            erased_id=name,
            ingest_ids=[order.ingest_id for order in orders],
            values=values,
            labels=labels,
            local_times={o.ingest_id: o.erased.local_at for o in orders if o.erased.local_at},
        )
        for table in warehouse.built_tables(self._built):
            changed = warehouse.erase(self._built, table, erased)
            if changed:
                self._count({f"{table.schema}.{table.name}": changed})

    def _warehouse_id(self) -> str:
        """The id as dbt's macro `shop_key` writes it."""
        if "@" in self._customer_id or (
            self._customer_id[:1] == "+" and self._customer_id[1:2].isdigit()
        ):
            return "p_" + pseudonym(self._secret, "id", self._customer_id)
        return self._customer_id

    def _count(self, counts: dict[str, int]) -> None:
        for table, rows in counts.items():
            self._counts[table] = rows
            self._progress(table, rows)

    def _is_anywhere(self) -> bool:
        beside = ("raw.scorer_snapshots", "raw.unverifiable_decisions")
        return any(rows for table, rows in self._counts.items() if table not in beside)

    def _keep_builds_out(self) -> None:
        """Until the ledger's transaction ends, which is after the warehouse's. A model holds the
        other end while it is built (dbt/macros/hold.sql), and a replay while it is at work, so the
        next one waits for the erasure."""
        self._raw.execute("select pg_try_advisory_xact_lock(hashtext('dbt'), 0)")
        ((is_ours,),) = self._raw.fetchall()
        if not is_ours:
            raise ErasureError(
                "the warehouse is being built, or a replay is at work, which would write down "
                "again what is erased now: run this again when that is over; nothing was changed"
            )
