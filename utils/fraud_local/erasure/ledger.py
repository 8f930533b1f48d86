"""Rewrite what has landed, as the owner: no service has the right to change the ledger."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_core.errors import ErasureError
from fraud_local.erasure.decision import erased_features, erased_lists, erased_reasons
from fraud_local.erasure.named import Named
from fraud_local.erasure.order import ErasedOrder, Eraser

Counts = dict[str, int]


class LandedOrder(msgspec.Struct, frozen=True):
    """One of the customer's orders as it stands in the ledger, and as it shall stand."""

    ingest_id: int
    transaction_id: str
    erased: ErasedOrder


def end_scoring(cursor: Cursor) -> None:
    """Nothing lands until this transaction ends; afterwards no scorer that runs now may go on.

    The next one, and any stand-by, reads its state anew from what is then in the ledger. What a
    scorer had in hand is read again from Kafka. None of them has started in vain.
    """
    cursor.execute(
        "update raw.scorer_lease set epoch = epoch + 1, holder = '', expires_at = to_timestamp(0),"
        " starts_in_vain = 0"
    )
    cursor.execute("lock table raw.scorer_snapshots in exclusive mode")


def orders_of(cursor: Cursor, customer_id: str, eraser: Eraser) -> list[LandedOrder]:
    """His orders that have landed and are still kept."""
    cursor.execute(
        "select ingest_id, transaction_id, payload, event_time from raw.transactions_stream"
        " where customer_id = %s",
        (customer_id,),
    )
    return [
        LandedOrder(ingest_id, transaction_id, eraser.order(payload, at))
        for ingest_id, transaction_id, payload, at in cursor.fetchall()
    ]


def refuse_shop_owner(cursor: Cursor, customer_id: str) -> None:
    """Raise ErasureError for one whom orders name the owner of a shop."""
    cursor.execute(
        "select distinct payload::json ->> 'merchant_id' from raw.transactions_stream"
        # As it stands, or where another spelling of it may stand.
        " where (position(%(quoted)s in payload) > 0 or position('\\' in payload) > 0"
        " or octet_length(payload) > char_length(payload))"
        " and normalize(payload::json ->> 'merchant_owner_id', nfc) = %(id)s order by 1",
        {"id": customer_id, "quoted": _quoted(customer_id)},
    )
    shops = [shop for (shop,) in cursor.fetchall()]
    if shops:
        raise ErasureError(
            f"{customer_id!r} is also named as the owner of {', '.join(shops[:5])}: what orders "
            "say of a trader is not erased (docs/privacy.md); nothing was changed"
        )


def erase_orders(cursor: Cursor, orders: Sequence[LandedOrder], erased_id: str) -> Counts:
    """Messages and decisions, row by row; amounts, times, outcomes and scores stay."""
    execute_values(
        cursor,
        "update raw.transactions_stream as landed set customer_id = given.customer_id,"
        " payload = given.payload from (values %s) as given (ingest_id, customer_id, payload)"
        " where landed.ingest_id = given.ingest_id",
        [(order.ingest_id, erased_id, order.erased.payload) for order in orders],
    )
    return {
        "raw.transactions_stream": len(orders),
        "raw.transaction_decisions": _erase_decisions(cursor, [o.ingest_id for o in orders]),
    }


def _erase_decisions(cursor: Cursor, ingest_ids: Sequence[int]) -> int:
    cursor.execute(
        "select ingest_id, reasons::text, shadow::text, snoozed::text, features, lists::text"
        " from raw.transaction_decisions where ingest_id = any(%s)",
        (list(ingest_ids),),
    )
    rows = [
        (
            ingest_id,
            *map(erased_reasons, (reasons, shadow, snoozed)),
            erased_features(features),
            erased_lists(lists),
        )
        for ingest_id, reasons, shadow, snoozed, features, lists in cursor.fetchall()
    ]
    execute_values(
        cursor,
        "update raw.transaction_decisions as decided set reasons = given.reasons::jsonb,"
        " shadow = given.shadow::jsonb, snoozed = given.snoozed::jsonb,"
        " features = given.features, lists = given.lists::jsonb"
        " from (values %s) as given (ingest_id, reasons, shadow, snoozed, features, lists)"
        " where decided.ingest_id = given.ingest_id",
        rows,
    )
    return len(rows)


def empty_dead_letters(cursor: Cursor, named: Named) -> int:
    """Those that hold his id or what is his alone, in bytes or headers: only why they are there
    stays."""
    found: list[int] = []
    cursor.execute(
        "select dead_letter_id, key, value, headers::text, detail from raw.dead_letters"
        " where key is not null or value is not null or headers not in ('[]', '{}')"
    )
    for dead_letter_id, key, value, headers, detail in cursor:
        texts = (bytes(key or b""), bytes(value or b""), headers.encode(), detail.encode())
        if any(map(named.holds, texts)):
            found.append(dead_letter_id)
    cursor.execute(
        "update raw.dead_letters set key = null, value = null, value_sha256 = null,"
        " headers = '[]', detail = 'erased with its customer' where dead_letter_id = any(%s)",
        (found,),
    )
    return len(found)


def erase_labels(cursor: Cursor, transaction_ids: Sequence[str], named: Named) -> list[int]:
    """What people wrote to labels on his orders, or naming him elsewhere, becomes `erased`.

    Returns the labels' ingest_ids. The simulation's labels name an attack, and stay.
    """
    his = frozenset(transaction_ids)
    cursor.execute(
        "select ingest_id, transaction_id, reason from raw.transaction_labels"
        " where reason <> 'erased' and source <> 'injected'"
    )
    found = [
        ingest_id
        for ingest_id, transaction_id, reason in cursor
        if transaction_id in his or named.holds(reason.encode())
    ]
    cursor.execute(
        "update raw.transaction_labels set reason = 'erased' where ingest_id = any(%s)", (found,)
    )
    return found


def delete_beside(cursor: Cursor, customer_id: str, transaction_ids: Sequence[str]) -> Counts:
    """What is derived, on trial or a copy from elsewhere: nothing is counted over it."""
    counts: Counts = {}
    for table, statement in (
        ("raw.scorer_snapshots", "delete from raw.scorer_snapshots"),
        ("replay.decisions", "delete from replay.decisions where transaction_id = any(%(orders)s)"),
        ("reference.customers", "delete from reference.customers where customer_id = %(id)s"),
    ):
        cursor.execute(statement, {"id": customer_id, "orders": list(transaction_ids)})
        counts[table] = cursor.rowcount
    return counts


def note(
    cursor: Cursor, erased_id: str, by: str, why: str, *, at: datetime | None, counts: Counts
) -> None:
    """The audit row; an erasure that is done anew keeps the time of the first."""
    cursor.execute(
        "insert into raw.erasures (erased_id, erased_by, why, erased_at, counts)"
        " values (%s, %s, %s, coalesce(%s, clock_timestamp()), %s)",
        (erased_id, by, why, at, msgspec.json.encode(counts).decode()),
    )


def times_erased(cursor: Cursor, erased_id: str) -> int:
    """Erasures of his orders that were finished before; 0 when there was none at all.

    One that only found dead letters counts as well: his ids are never given twice.
    """
    cursor.execute("select count(*) from raw.erasures where erased_id = %s", (erased_id,))
    ((times,),) = cursor.fetchall()
    return times


def _quoted(text: Any) -> str:
    return msgspec.json.encode(text).decode()
