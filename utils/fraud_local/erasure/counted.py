"""Which decisions counted the customer: their features cannot be recomputed once he is gone.

An order counts him when it came after one of his and shares something with it whose token will be
equal to nobody else's: a card (for as long as labels come), or within the longest window a device,
mailbox, network, address or voucher. Shops and owners are shared with him as before.
"""

from collections.abc import Sequence

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class


def counting(built: Cursor, raw: Cursor, warehouse_id: str) -> list[int]:
    """Orders of others, before anything is erased; all of those that dbt has not flattened yet."""
    built.execute("select to_regclass('raw.raw_transactions') is not null")
    ((is_flattened,),) = built.fetchall()
    found: list[int] = []
    highest = 0
    if is_flattened:
        built.execute(_SHARING, {"id": warehouse_id})
        found = [ingest_id for (ingest_id,) in built.fetchall()]
        built.execute("select coalesce(max(ingest_id), 0) from raw.raw_transactions")
        ((highest,),) = built.fetchall()
    raw.execute("select ingest_id from raw.transactions_stream where ingest_id > %s", (highest,))
    return found + [ingest_id for (ingest_id,) in raw.fetchall()]


def set_aside(parity: Cursor, ingest_ids: Sequence[int]) -> int:
    """Keep them from the parity test; returns how many were not set aside before."""
    parity.execute(
        "insert into raw.unverifiable_decisions select unnest(%s::bigint[]) on conflict do nothing",
        (list(ingest_ids),),
    )
    return parity.rowcount


_SHARING = """
with his as (
    select * from raw.raw_transactions where customer_id = %(id)s
)

select other.ingest_id
from raw.raw_transactions as other
where
    other.customer_id <> %(id)s
    and (
        other.card_pseudonym in (select card_pseudonym from his)
        or other.device_id in (select device_id from his)
        or other.email_pseudonym in (select email_pseudonym from his)
        or other.ip_pseudonym in (select ip_pseudonym from his)
        or other.shipping_pseudonym in (select shipping_pseudonym from his)
        or other.voucher_code in (select voucher_code from his)
    )
    and exists (
        select
        from his
        where
            his.ingest_id < other.ingest_id
            and (
                other.card_pseudonym = his.card_pseudonym
                or (
                    other.event_time > his.event_time
                    and other.event_time <= his.event_time + interval '30 days'
                    and (
                        other.device_id = his.device_id
                        or other.email_pseudonym = his.email_pseudonym
                        or other.ip_pseudonym = his.ip_pseudonym
                        or other.shipping_pseudonym = his.shipping_pseudonym
                        or other.voucher_code = his.voucher_code
                    )
                )
            )
    )
"""
