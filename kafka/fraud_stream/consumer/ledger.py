"""One transaction lands one batch: rows, decisions, the next offsets and the lease's renewal.

Each function runs inside a transaction that its caller commits. `land` may be repeated after a
commit whose answer was lost: it finds out from the stored offsets whether the batch is in.
"""

import io
from collections.abc import Iterable, Mapping

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_core.errors import StreamError
from fraud_core.prepared import Prepared
from fraud_stream.consumer import breaker
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer.batch import Counts, Landing, Partition, Positions
from fraud_stream.consumer.binary_rows import TABLES as BINARY
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.rows import COLUMNS

COPY_BLOCK = 1 << 25
"""psycopg2 sends a block without holding the interpreter's lock; small blocks stall threads."""


def stored_positions(cursor: Cursor, topics: Iterable[str]) -> dict[Partition, int]:
    """The next offset of each partition that was ever read."""
    cursor.execute(
        "select topic, kafka_partition, next_offset from raw.stream_offsets where topic = any(%s)",
        (list(topics),),
    )
    return {(topic, partition): offset for topic, partition, offset in cursor.fetchall()}


def stored_topic_ids(cursor: Cursor, topics: Iterable[str]) -> dict[str, str]:
    """The ids of the topics that the stored offsets belong to, of those that were ever read."""
    cursor.execute(
        "select topic, min(topic_id) from raw.stream_offsets where topic = any(%s) group by topic",
        (list(topics),),
    )
    return dict(cursor.fetchall())


def start_partitions(cursor: Cursor, topic_ids: Mapping[str, str], first: Positions) -> None:
    """Store where reading starts, for partitions that were never read."""
    execute_values(
        cursor,
        "insert into raw.stream_offsets "
        "(topic, kafka_partition, topic_id, next_offset, updated_at) values %s "
        "on conflict do nothing",
        [(*place, topic_ids[place[0]], offset) for place, offset in sorted(first.items())],
        template="(%s, %s, %s, %s, clock_timestamp())",
    )


def land(cursor: Cursor, landing: Landing, lease: Lease, lease_seconds: float) -> None:
    """Write the batch, unless it is in already, and renew the lease.

    Raises LeaseLostError when another scorer took over, and StreamError when the stored offsets
    are neither those before the batch nor those after it, or the batch was scored on a state that
    is not that of the landed rows; nothing is written then.
    """
    landed_up_to = leases.require(cursor, lease)
    if _is_in(cursor, landing):
        return
    if landed_up_to != landing.scored_after:
        raise StreamError(
            f"orders have landed up to ingest_id {landed_up_to}, but the batch was scored after "
            f"{landing.scored_after}: the database was restored to another time. Nothing was "
            "written; start the consumer again and it goes on from what the database holds"
        )
    copy(cursor, landing.rows)
    _advance(cursor, landing, lease_seconds)


def copy(cursor: Cursor, rows: Mapping[str, bytes]) -> None:
    """Write rows into their tables, in the form of COPY that they have there."""
    for table, whole in rows.items():
        if whole:
            form = "binary" if table in BINARY else "text"
            cursor.copy_expert(
                f"copy {table} ({COLUMNS[table]}) from stdin (format {form})",
                io.BytesIO(whole),
                size=COPY_BLOCK,
            )


def count_between(cursor: Cursor, start: Positions, end: Positions) -> Counts:
    """Where the messages from `start` up to `end` ended, whoever landed them."""
    total = Counts()
    for (topic, partition), stop in end.items():
        begin = start.get((topic, partition), 0)
        cursor.execute(_COUNT, {"topic": topic, "partition": partition, "a": begin, "b": stop})
        landed, flagged, labels, duplicates, dead = cursor.fetchall()[0]
        total += Counts(
            landed=landed, flagged=flagged, labels=labels, duplicates=duplicates, dead=dead
        )
    return total


def _is_in(cursor: Cursor, landing: Landing) -> bool:
    """Whether an earlier attempt got through; the offsets stay locked until the commit."""
    _STORED.execute(cursor, *_columns(landing.end))
    stored = {(topic, partition): offset for topic, partition, offset in cursor.fetchall()}
    if stored == landing.start:
        return False
    if stored == landing.end:
        return True
    raise StreamError(
        f"the stored offsets {readable(stored)} are not those that the batch starts from, "
        f"{readable(landing.start)}: somebody changed raw.stream_offsets by hand. Nothing was "
        "written; start the consumer again and it goes on from the stored ones"
    )


def _advance(cursor: Cursor, landing: Landing, lease_seconds: float) -> None:
    """Move what the rows move; all of it was locked and compared before."""
    _ADVANCE.execute(
        cursor,
        *_columns(landing.end),
        [offset for _, offset in sorted(landing.end.items())],
        [landing.skipped.get(place, 0) for place in sorted(landing.end)],
        landing.last_ingest_id,
        landing.newest_event_time,
        lease_seconds,
        leases.LEASE,
    )
    if landing.breaker is not None:
        breaker.store_state(cursor, landing.breaker)


def _columns(positions: Positions) -> tuple[list[str], list[int]]:
    """Topics and partitions, side by side."""
    places = sorted(positions)
    return [topic for topic, _ in places], [partition for _, partition in places]


def readable(positions: Positions) -> str:
    """For people: topic/partition@offset, one after the other."""
    return ", ".join(f"{topic}/{p}@{offset}" for (topic, p), offset in sorted(positions.items()))


_STORED = Prepared(
    "stored_offsets",
    "text[], integer[]",
    """
select stored.topic, stored.kafka_partition, stored.next_offset
from raw.stream_offsets as stored
inner join unnest($1, $2) as moved (topic, kafka_partition) using (topic, kafka_partition)
order by stored.topic, stored.kafka_partition
for update of stored
""",
)

_ADVANCE = Prepared(
    "advance",
    "text[], integer[], bigint[], bigint[], bigint, timestamptz, double precision, text",
    """
with advanced as (
    update raw.stream_offsets as stored
    set
        next_offset = moved.next_offset,
        skipped = stored.skipped + moved.skipped,
        updated_at = clock_timestamp()
    from unnest($1, $2, $3, $4) as moved (topic, kafka_partition, next_offset, skipped)
    where stored.topic = moved.topic and stored.kafka_partition = moved.kafka_partition
)
update raw.scorer_lease
set
    last_ingest_id = $5,
    starts_in_vain = 0,
    newest_event_time = greatest(newest_event_time, $6),
    expires_at = clock_timestamp() + make_interval(secs => $7)
where lease_name = $8
""",
)

_COUNT = """
with orders as (
    select decision.outcome
    from raw.transactions_stream as stream
    inner join raw.transaction_decisions as decision using (ingest_id)
    where topic = %(topic)s and kafka_partition = %(partition)s
        and kafka_offset >= %(a)s and kafka_offset < %(b)s
)
select
    (select count(*) from orders),
    (select count(*) from orders where outcome <> 'approve'),
    (
        select count(*) from raw.transaction_labels
        where topic = %(topic)s and kafka_partition = %(partition)s
            and kafka_offset >= %(a)s and kafka_offset < %(b)s
    ),
    (
        select count(*) from raw.duplicate_transactions
        where topic = %(topic)s and kafka_partition = %(partition)s
            and kafka_offset >= %(a)s and kafka_offset < %(b)s
    ),
    (
        select count(*) from raw.dead_letters
        where topic = %(topic)s and kafka_partition = %(partition)s
            and kafka_offset >= %(a)s and kafka_offset < %(b)s
    )
"""
