"""Snapshots of the scorer's state in Postgres: what landed between two moments, part by part.

The parts that go on from one another are the whole. They are derived data: a start without them
reads everything back from the landed rows.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from io import BytesIO
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.errors import LeaseLostError, RuleError
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.copy_binary import bigint, field, framed, integer, row
from fraud_stream.consumer.learning import SNAPSHOT_FORMAT, Frozen
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.ledger import COPY_BLOCK
from fraud_stream.consumer.rule_files import HORIZON

CALM, HURRIED = 4.0, 0.2
"""Seconds that the writing thread rests for each second that it works, chunk by chunk: calmly when
orders are landed as they come, since each would wait; hurriedly while a backlog is drained."""

FULL = 100_000
"""Orders and labels. A snapshot of fewer is written anew with what comes next, so that a stream of
some orders a minute does not leave thousands of them."""

DROPPED_CHUNKS = 10
"""Of an old snapshot, at once."""

READ_CHUNKS = 100
"""At once, some ten megabytes: a long transaction is given up, and a part may be large. A part that
the next one takes the place of has fewer, so none goes while it is read."""


Transaction = Callable[[], AbstractContextManager[Cursor]]
"""Begins one on the writing thread's session; it is committed at the end."""

Run = Callable[[Callable[[Cursor], list[bytes]]], list[bytes]]
"""What the work comes to, in a transaction of its own."""


class Snapshot(NamedTuple):
    """One that was written to its end: what landed after one ingest_id and up to another.

    What came before a `forgotten` one is beyond the reach of every window.
    """

    snapshot_id: int
    after_ingest_id: int
    ingest_id: int
    sha256: str
    forgotten: bool


def is_full(after_ingest_id: int, ingest_id: int) -> bool:
    """Whether the next snapshot goes on from this one, and does not take its place."""
    return ingest_id - after_ingest_id >= FULL


def whole(cursor: Cursor) -> list[Snapshot]:
    """The newest that go on from one another, the oldest first; empty when nothing is whole."""
    cursor.execute(_USABLE, {"format": SNAPSHOT_FORMAT, "horizon": HORIZON, "lease": leases.LEASE})
    usable = [Snapshot(*row) for row in cursor.fetchall()]
    ending_at = {snapshot.ingest_id: snapshot for snapshot in reversed(usable)}
    for newest in usable:
        parts = [newest]
        while parts[-1].after_ingest_id and not parts[-1].forgotten:
            before = ending_at.get(parts[-1].after_ingest_id)
            if before is None:
                break
            parts.append(before)
        else:
            return parts[::-1]
    return []


def read(run: Run, snapshot: Snapshot) -> list[bytes]:
    """All its chunks. Raises RuleError when they are not those that were written."""
    chunks: list[bytes] = []
    digest = hashlib.sha256()
    is_all = False
    while not is_all:
        some = run(partial(_some, snapshot, len(chunks)))
        for chunk in some:
            digest.update(chunk)
        chunks += some
        is_all = len(some) < READ_CHUNKS
    if digest.hexdigest() != snapshot.sha256:
        raise RuleError(
            f"raw.scorer_snapshots, snapshot_id {snapshot.snapshot_id}: the chunks are not those "
            "that were written; those before it and the landed rows are read instead"
        )
    return chunks


def _some(snapshot: Snapshot, after: int, cursor: Cursor) -> list[bytes]:
    cursor.execute(
        "select content from raw.scorer_snapshot_chunks "
        "where snapshot_id = %s and number > %s order by number limit %s",
        (snapshot.snapshot_id, after, READ_CHUNKS),
    )
    return [bytes(content) for (content,) in cursor]


def write(
    transaction: Transaction,
    after_ingest_id: int,
    ingest_id: int,
    frozen: Frozen,
    lease: Lease,
    *,
    stopped: threading.Event,
    rest: float = HURRIED,
) -> int:
    """Store what was frozen chunk by chunk; how many bytes, 0 when `stopped` came first.

    Raises LeaseLostError when another scorer took over meanwhile; only a finished one is usable.
    """
    with transaction() as cursor:
        cursor.execute(
            _BEGIN,
            {
                "after": after_ingest_id,
                "up_to": ingest_id,
                "epoch": lease.epoch,
                "format": SNAPSHOT_FORMAT,
                "horizon": HORIZON,
                "lease": leases.LEASE,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise LeaseLostError("another scorer took over; no snapshot was begun")
    (snapshot_id,) = row
    digest, size, number = hashlib.sha256(), 0, 0
    since = time.monotonic()
    for number, chunk in enumerate(frozen.chunks(), 1):
        if stopped.is_set():
            return 0
        digest.update(chunk)
        size += len(chunk)
        with transaction() as cursor:
            cursor.copy_expert(
                _COPY_CHUNK, BytesIO(_as_copy(snapshot_id, number, chunk)), size=COPY_BLOCK
            )
        stopped.wait(rest * (time.monotonic() - since))
        since = time.monotonic()
    with transaction() as cursor:
        leases.require(cursor, lease)
        cursor.execute(
            "update raw.scorer_snapshots set chunks = %s, size_bytes = %s, sha256 = %s "
            "where snapshot_id = %s",
            (number, size, digest.hexdigest(), snapshot_id),
        )
    return size


def prune(transaction: Transaction, *, stopped: threading.Event, rest: float = HURRIED) -> None:
    """Drop older ones that are no part of the whole any more: what newer ones hold as well, and
    what no window reaches.

    Without the lease's lock, which landings need, and bit by bit, marked as unusable first.
    """
    with transaction() as cursor:
        kept = [snapshot.snapshot_id for snapshot in whole(cursor)]
        newest = max(kept, default=0)
        cursor.execute(_RETIRE, {"kept": kept, "newest": newest})
    _drop_unusable(transaction, newest, 0, stopped=stopped, rest=rest)


def drop_unfinished(
    transaction: Transaction, lease: Lease, *, stopped: threading.Event, rest: float = HURRIED
) -> None:
    """Drop what holders of the lease up to this one began and did not write to its end.

    Else one attempt after the other would fill the disk that the first found full.
    """
    _drop_unusable(transaction, 0, lease.epoch, stopped=stopped, rest=rest)


def _drop_unusable(
    transaction: Transaction, newest: int, epoch: int, *, stopped: threading.Event, rest: float
) -> None:
    """Those before the newest that is whole, and those of holders up to an epoch."""
    which = {"newest": newest, "epoch": epoch}
    dropped = 1
    while dropped and not stopped.is_set():
        since = time.monotonic()
        with transaction() as cursor:
            cursor.execute(_DROP_CHUNKS, {**which, "most": DROPPED_CHUNKS})
            dropped = cursor.rowcount
        stopped.wait(rest * (time.monotonic() - since))
    if dropped:
        return
    with transaction() as cursor:
        cursor.execute(_DROP, which)


def _as_copy(snapshot_id: int, number: int, chunk: bytes) -> bytes:
    """One row; as text its bytes would be written, sent and read double."""
    return framed([row(bigint(snapshot_id), integer(number), field(chunk))])


_BEGIN = """
insert into raw.scorer_snapshots (
    after_ingest_id, ingest_id, epoch, format, horizon, taken_at, newest_time
)
select
    %(after)s, %(up_to)s, epoch, %(format)s, %(horizon)s, clock_timestamp(), greatest(
        newest_event_time,
        (
            select max(labelled_at)
            from raw.transaction_labels
            where
                ingest_id > %(after)s
                and ingest_id <= %(up_to)s
                and source <> 'injected'
                and labelled_at < newest_event_time + interval '10 years'
        ),
        (
            select max(newest_time)
            from raw.scorer_snapshots
            where ingest_id = %(after)s and sha256 is not null
        )
    )
from raw.scorer_lease
where lease_name = %(lease)s and epoch = %(epoch)s
returning snapshot_id
"""

_COPY_CHUNK = """
copy raw.scorer_snapshot_chunks (snapshot_id, number, content) from stdin (format binary)
"""

_USABLE = """
select
    snapshot.snapshot_id,
    snapshot.after_ingest_id,
    snapshot.ingest_id,
    snapshot.sha256,
    coalesce(snapshot.newest_time < lease.newest_event_time - %(horizon)s, false)
from raw.scorer_snapshots as snapshot
inner join raw.scorer_lease as lease on lease.lease_name = %(lease)s
where
    snapshot.sha256 is not null
    and snapshot.format = %(format)s
    and snapshot.horizon >= %(horizon)s
    and snapshot.ingest_id <= lease.last_ingest_id
order by snapshot.ingest_id desc, snapshot.snapshot_id desc
"""

_RETIRE = """
update raw.scorer_snapshots
set sha256 = null
where
    snapshot_id < %(newest)s
    and snapshot_id <> all(%(kept)s)
"""

_DROP_CHUNKS = """
delete from raw.scorer_snapshot_chunks
where (snapshot_id, number) in (
    select chunk.snapshot_id, chunk.number
    from raw.scorer_snapshot_chunks as chunk
    inner join raw.scorer_snapshots as snapshot using (snapshot_id)
    where
        snapshot.sha256 is null
        and (snapshot_id < %(newest)s or snapshot.epoch <= %(epoch)s)
    limit %(most)s
)
"""

_DROP = """
delete from raw.scorer_snapshots
where sha256 is null and (snapshot_id < %(newest)s or epoch <= %(epoch)s)
"""
