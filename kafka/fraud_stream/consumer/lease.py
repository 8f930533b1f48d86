"""Who scores: a row in Postgres that one consumer holds for some seconds and keeps renewing.

The epoch grows with each new holder, and every landing compares it while the row is locked, so
safety never depends on clocks. Time decides only how soon a stand-by takes over.
"""

import os
import secrets
import socket

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import LeaseLostError
from fraud_core.prepared import Prepared

LEASE = "scorer"


class Lease(msgspec.Struct, frozen=True):
    """Held since `epoch`; up to `last_ingest_id` had landed when it was taken.

    `starts_in_vain` holders before this one, in a row, neither landed anything nor ended by
    themselves.
    """

    epoch: int
    last_ingest_id: int
    starts_in_vain: int = 0


def new_holder() -> str:
    """A name that no other process has or had; short enough for an application_name."""
    return f"scorer-{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(4)}"


def take(cursor: Cursor, holder: str, seconds: float) -> Lease | None:
    """The lease, or None while somebody else holds it.

    It is free when it was released, when it expired, or when its holder has no session in
    Postgres any more, which is how a killed holder shows at once. An expired holder's sessions
    are ended first: one that froze in the middle of a landing would keep its locks. Whoever holds
    it already has it as it was: the answer to the commit that took it was lost.
    """
    cursor.execute(
        "insert into raw.scorer_lease values (%s, 0, '', to_timestamp(0), 0) "
        "on conflict do nothing",
        (LEASE,),
    )
    cursor.execute(_END_SESSIONS_OF_EXPIRED_HOLDER, (LEASE,))
    cursor.execute(_LOCK_AND_LOOK_AGAIN, (LEASE,))
    if cursor.fetchone() is None:
        return None
    for statement in (_KEEP, _TAKE):
        cursor.execute(statement, {"lease": LEASE, "holder": holder, "seconds": seconds})
        row = cursor.fetchone()
        if row is not None:
            return Lease(*row)
    return None


def renew(cursor: Cursor, lease: Lease, seconds: float) -> None:
    """Hold it for so many seconds from now. Raises LeaseLostError when another took it."""
    cursor.execute(
        "update raw.scorer_lease set expires_at = clock_timestamp() + make_interval(secs => %s) "
        "where lease_name = %s and epoch = %s",
        (seconds, LEASE, lease.epoch),
    )
    if not cursor.rowcount:
        raise LeaseLostError("another scorer holds the lease")


def require(cursor: Cursor, lease: Lease) -> int:
    """Lock the lease until the transaction ends; up to which ingest_id has landed.

    Raises LeaseLostError when another took it.
    """
    _EPOCH.execute(cursor, LEASE)
    for epoch, last_ingest_id in cursor.fetchall():
        if epoch == lease.epoch:
            return last_ingest_id
    raise LeaseLostError("another scorer took over; what this one had in hand is not written")


def starts_in_vain(cursor: Cursor) -> int:
    """Of the holders before this one, as far as is known by now."""
    cursor.execute(
        "select starts_in_vain - 1 from raw.scorer_lease where lease_name = %s", (LEASE,)
    )
    return (cursor.fetchone() or (0,))[0]


def release(cursor: Cursor, lease: Lease, *, in_vain: bool = False) -> None:
    """Let a stand-by take over at once. Does nothing when another has done so.

    With `in_vain` it counts as a start that ended without landing anything.
    """
    cursor.execute(
        "update raw.scorer_lease set holder = '', expires_at = to_timestamp(0), "
        "starts_in_vain = case when %s then starts_in_vain else 0 end "
        "where lease_name = %s and epoch = %s",
        (in_vain, LEASE, lease.epoch),
    )


_EPOCH = Prepared(
    "epoch",
    "text",
    "select epoch, last_ingest_id from raw.scorer_lease where lease_name = $1 for update",
)

_END_SESSIONS_OF_EXPIRED_HOLDER = """
select pg_terminate_backend(session.pid)
from pg_stat_activity as session
inner join raw.scorer_lease as lease on session.application_name = lease.holder
where
    lease.lease_name = %s
    and lease.expires_at < clock_timestamp()
    and lease.holder <> ''
    and session.usename = current_user
    and session.pid <> pg_backend_pid()
"""

# Postgres shows the same sessions all through a transaction unless told to forget them; a holder
# that came while we waited for nothing must be seen. Who finds the row locked comes second.
_LOCK_AND_LOOK_AGAIN = """
select pg_stat_clear_snapshot()
from (
    select 1 from raw.scorer_lease where lease_name = %s for update skip locked
) as locked
"""

_KEEP = """
update raw.scorer_lease
set expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
where lease_name = %(lease)s and holder = %(holder)s
returning epoch, last_ingest_id, starts_in_vain - 1
"""

_TAKE = """
update raw.scorer_lease as lease
set
    epoch = lease.epoch + 1,
    holder = %(holder)s,
    held_since = clock_timestamp(),
    starts_in_vain = lease.starts_in_vain + 1,
    expires_at = clock_timestamp() + make_interval(secs => %(seconds)s)
where
    lease.lease_name = %(lease)s
    and (
        lease.expires_at < clock_timestamp()
        or not exists (
            select 1
            from pg_stat_activity as session
            where session.application_name = lease.holder
        )
    )
returning lease.epoch, lease.last_ingest_id, lease.starts_in_vain - 1
"""
