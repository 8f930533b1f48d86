"""Snapshots of the scorer's state in Postgres, written beside the landing and never in its way.

They are derived data: a start without one reads everything back from the landed rows.
"""

import hashlib
import struct
import threading
import time
from contextlib import closing
from io import BytesIO
from typing import NamedTuple

import psycopg2
import structlog
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect
from fraud_core.errors import LeaseLostError, RuleError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.learning import SNAPSHOT_FORMAT, Frozen
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.rule_files import HORIZON
from fraud_stream.consumer.waiting import first_line

KEPT = 2
"""Of the usable ones: should the newest turn out broken, there is one more."""

CALM, HURRIED = 4.0, 0.2
"""Seconds that the writing thread rests for each second that it works, chunk by chunk: calmly when
orders are landed as they come, since each would wait; hurriedly while a backlog is drained."""

DROPPED_CHUNKS = 10
"""Of an old snapshot, at once."""

DUTY = 5
"""So many times as long as the last one was worked on pass before the next one is begun."""


class Snapshot(NamedTuple):
    """One that was written to its end."""

    snapshot_id: int
    ingest_id: int
    chunks: int
    sha256: str


def usable(cursor: Cursor) -> list[Snapshot]:
    """Those whose format and horizon fit, the newest first; none from after what has landed."""
    cursor.execute(_USABLE, {"format": SNAPSHOT_FORMAT, "horizon": HORIZON, "lease": leases.LEASE})
    return [Snapshot(*row) for row in cursor.fetchall()]


def read(cursor: Cursor, snapshot: Snapshot) -> list[bytes]:
    """All its chunks. Raises RuleError when they are not those that were written."""
    cursor.execute(
        "select content from raw.scorer_snapshot_chunks where snapshot_id = %s order by number",
        (snapshot.snapshot_id,),
    )
    chunks = [bytes(content) for (content,) in cursor]
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    if digest.hexdigest() != snapshot.sha256:
        raise RuleError(
            f"raw.scorer_snapshots, snapshot_id {snapshot.snapshot_id}: the chunks are not those "
            "that were written; an older snapshot or the landed rows are read instead"
        )
    return chunks


class Written(NamedTuple):
    """How many bytes, 0 when it was left off, and how long that took without the rests."""

    size: int
    seconds: float


class Snapshots:
    """Takes one now and then, at the active scorer's call, and writes it in a thread."""

    def __init__(self, settings: Settings, lease: Lease, application: str) -> None:
        self._settings = settings
        self._lease = lease
        self._application = application
        self._taken_ingest_id = lease.last_ingest_id
        self._taken = time.monotonic()
        self._worked = 0.0
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._log = structlog.get_logger().bind(epoch=lease.epoch)

    def due(self, ingest_id: int) -> bool:
        """Whether enough has landed, or enough time has passed, since the last one."""
        if self._thread and self._thread.is_alive():
            return False
        waited, landed = time.monotonic() - self._taken, ingest_id - self._taken_ingest_id
        if not landed or waited < DUTY * self._worked:
            return False
        enough = landed >= self._settings.consumer_snapshot_orders
        return enough or waited >= self._settings.consumer_snapshot_seconds

    def take(self, ingest_id: int, frozen: Frozen, *, rest: float) -> None:
        """Write `frozen`, which is the state of what has been committed up to `ingest_id`."""
        self._taken, self._taken_ingest_id = time.monotonic(), ingest_id
        self._thread = threading.Thread(
            target=self._write, args=(ingest_id, frozen, rest), name="snapshot", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Leave off writing; what is unfinished is never used."""
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def _write(self, ingest_id: int, frozen: Frozen, rest: float) -> None:
        try:
            with closing(self._connect()) as connection:
                size, self._worked = write(
                    connection, ingest_id, frozen, self._lease, self._stopped, rest=rest
                )
        except (psycopg2.Error, LeaseLostError) as error:
            self._log.warning("snapshot not written", reason=first_line(error))
            return
        if size:
            seconds = time.monotonic() - self._taken
            self._log.info("snapshot written", ingest_id=ingest_id, bytes=size, seconds=seconds)

    def _connect(self) -> Connection:
        """Losing the last snapshot costs nothing but time, so its commits do not wait for disks."""
        return connect(
            self._settings,
            Role.CONSUMER,
            application=self._application,
            options="-c synchronous_commit=off",
        )


def write(
    connection: Connection,
    ingest_id: int,
    frozen: Frozen,
    lease: Lease,
    stopped: threading.Event,
    *,
    rest: float = HURRIED,
) -> Written:
    """Store the state chunk by chunk, unless `stopped` comes first.

    Raises LeaseLostError when another scorer took over meanwhile; only a finished one is usable.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into raw.scorer_snapshots (ingest_id, epoch, format, horizon, taken_at) "
            "values (%s, %s, %s, %s, clock_timestamp()) returning snapshot_id",
            (ingest_id, lease.epoch, SNAPSHOT_FORMAT, HORIZON),
        )
        ((snapshot_id,),) = cursor.fetchall()
    digest, size, number = hashlib.sha256(), 0, 0
    worked, since = 0.0, time.monotonic()
    for number, chunk in enumerate(frozen.chunks(), 1):
        if stopped.is_set():
            return Written(0, worked)
        digest.update(chunk)
        size += len(chunk)
        with connection, connection.cursor() as cursor:
            cursor.copy_expert(_COPY_CHUNK, BytesIO(_as_copy(snapshot_id, number, chunk)))
        took = time.monotonic() - since
        worked += took
        stopped.wait(rest * took)
        since = time.monotonic()
    with connection, connection.cursor() as cursor:
        leases.require(cursor, lease)
        cursor.execute(
            "update raw.scorer_snapshots set chunks = %s, size_bytes = %s, sha256 = %s "
            "where snapshot_id = %s",
            (number, size, digest.hexdigest(), snapshot_id),
        )
    _prune(connection, snapshot_id, stopped, rest)
    return Written(size, worked)


def _prune(connection: Connection, newest: int, stopped: threading.Event, rest: float) -> None:
    """Drop older ones but the last: without the lease's lock, which landings need, and bit by bit.

    What is to go is marked as unusable first.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(_RETIRE, {"kept": KEPT, "newest": newest})
    dropped = 1
    while dropped and not stopped.is_set():
        since = time.monotonic()
        with connection, connection.cursor() as cursor:
            cursor.execute(_DROP_CHUNKS, {"newest": newest, "most": DROPPED_CHUNKS})
            dropped = cursor.rowcount
        stopped.wait(rest * (time.monotonic() - since))
    with connection, connection.cursor() as cursor:
        cursor.execute(_DROP, {"newest": newest})


def _as_copy(snapshot_id: int, number: int, chunk: bytes) -> bytes:
    """One row in the binary form of COPY: bytes as text would be written, sent and read double."""
    row = struct.pack(">hiqiii", 3, 8, snapshot_id, 4, number, len(chunk))
    return b"".join((_SIGNATURE, row, chunk, _END))


_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_END = struct.pack(">h", -1)

_COPY_CHUNK = """
copy raw.scorer_snapshot_chunks (snapshot_id, number, content) from stdin (format binary)
"""

_USABLE = """
select snapshot_id, ingest_id, chunks, sha256
from raw.scorer_snapshots
where
    sha256 is not null
    and format = %(format)s
    and horizon >= %(horizon)s
    and ingest_id <= (
        select lease.last_ingest_id
        from raw.scorer_lease as lease
        where lease.lease_name = %(lease)s
    )
order by ingest_id desc, snapshot_id desc
"""

_RETIRE = """
update raw.scorer_snapshots
set sha256 = null
where
    snapshot_id < %(newest)s
    and snapshot_id not in (
        select snapshot_id
        from raw.scorer_snapshots
        where sha256 is not null
        order by snapshot_id desc
        limit %(kept)s
    )
"""

_DROP_CHUNKS = """
delete from raw.scorer_snapshot_chunks
where (snapshot_id, number) in (
    select chunk.snapshot_id, chunk.number
    from raw.scorer_snapshot_chunks as chunk
    inner join raw.scorer_snapshots as snapshot using (snapshot_id)
    where snapshot_id < %(newest)s and snapshot.sha256 is null
    limit %(most)s
)
"""

_DROP = """
delete from raw.scorer_snapshots where snapshot_id < %(newest)s and sha256 is null
"""
