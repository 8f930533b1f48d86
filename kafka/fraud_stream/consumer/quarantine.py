"""Finds the message that ends the process, and sets it aside without reading it again.

A message can be more than a process survives: 200 MB of zeros compress to 200 KB, and the client
library decompresses before anybody can ask for the size. So attempts are counted in Postgres,
before they are made:

1. a holder of the lease that ends without having landed anything leaves `starts_in_vain` behind;
2. the next one reads carefully: one partition at a time, one Kafka batch at a time, with the offset
   noted first. If it ends as well, the note tells where;
3. the one after that reads from there one message at a time. The message that ends it, too, becomes
   a dead letter `quarantined`: coordinates without bytes. It stays in Kafka for as long as the
   topic keeps it.

A landing moves the stored offset beyond the note, which is all it takes to clear a message. Reading
begins with what was tried most: so whoever is killed from outside after each of its landings, which
is when it would have come to the next partition, does not leave one message with all the attempts.
"""

from collections.abc import Iterable

import msgspec
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class
from psycopg2.extras import execute_values

from fraud_stream.consumer.batch import Partition, Positions
from fraud_stream.consumer.lease import LEASE, Lease

ATTEMPTS = 3
"""After so many a message is set aside: the first unnoted, the others noted."""

SPAN = 250_000
"""Messages a partition that are read carefully: more than the client fetches ahead."""

ALONE = 1_000
"""Messages that are read one by one from where a careful reading ended the process."""


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A partition to be read carefully from `offset` on, which has been tried `attempts` times."""

    offset: int
    attempts: int
    careful_until: int
    alone_until: int

    @property
    def is_guilty(self) -> bool:
        """Whether the message at `offset` has had its attempts, the last one by itself."""
        return self.attempts + 1 >= ATTEMPTS

    @property
    def alone(self) -> bool:
        """Whether to read only the message at `offset`."""
        return self.offset < self.alone_until


def suspect(cursor: Cursor, positions: Positions, ends: Positions) -> None:
    """Mark what is next in each partition, after a start in vain; what is marked stays so."""
    rows = [
        (*partition, offset, 0, min(ends[partition], offset + SPAN), offset)
        for partition, offset in sorted(positions.items())
        if offset < ends.get(partition, 0)
    ]
    if rows:
        execute_values(cursor, _SUSPECT, rows, template=_ROW)


def suspects(cursor: Cursor, positions: Positions) -> dict[Partition, Suspect]:
    """The partitions to be read carefully from these positions on, the most often tried first.

    A note about an earlier position is void: what it was about has landed.
    """
    cursor.execute(
        "select topic, kafka_partition, kafka_offset, attempts, careful_until, alone_until "
        "from raw.message_attempts order by topic, kafka_partition"
    )
    found: dict[Partition, Suspect] = {}
    for topic, number, noted, attempts, careful_until, alone_until in cursor.fetchall():
        offset = positions.get((topic, number), careful_until)
        if offset < careful_until:
            found[topic, number] = Suspect(
                offset=offset,
                attempts=attempts if noted == offset else 0,
                careful_until=careful_until,
                alone_until=alone_until,
            )
    return dict(sorted(found.items(), key=lambda case: -case[1].attempts))


def note(cursor: Cursor, partition: Partition, case: Suspect) -> None:
    """The message at the case's offset is about to be fetched; the second time, alone."""
    attempts = case.attempts + 1
    alone_until = case.offset + ALONE if attempts > 1 else 0
    execute_values(
        cursor,
        _NOTE,
        [(*partition, case.offset, attempts, case.careful_until, alone_until)],
        template=_ROW,
    )


def withdraw(cursor: Cursor, partition: Partition, case: Suspect) -> None:
    """Nothing came; the attempt was none."""
    cursor.execute(
        "update raw.message_attempts set attempts = %s "
        "where topic = %s and kafka_partition = %s and kafka_offset = %s",
        (case.attempts, *partition, case.offset),
    )


def absolve(cursor: Cursor, lease: Lease) -> None:
    """The lease was taken while we live: no message ended us, whatever our successor made of it.

    Only holders after us may have started in vain; each has an epoch of its own, so that saying it
    twice takes nothing from them.
    """
    cursor.execute(
        "update raw.scorer_lease set starts_in_vain = epoch - %(ours)s "
        "where lease_name = %(lease)s and epoch > %(ours)s and starts_in_vain > epoch - %(ours)s",
        {"lease": LEASE, "ours": lease.epoch},
    )
    if cursor.rowcount:
        cursor.execute("delete from raw.message_attempts")


def clear(cursor: Cursor, partitions: Iterable[Partition]) -> None:
    """These are read as ever again."""
    for partition in partitions:
        cursor.execute(
            "delete from raw.message_attempts where topic = %s and kafka_partition = %s", partition
        )


_ROW = "(%s, %s, %s, %s, %s, %s, clock_timestamp())"

_SUSPECT = """
insert into raw.message_attempts as known
    (topic, kafka_partition, kafka_offset, attempts, careful_until, alone_until, updated_at)
values %s
on conflict (topic, kafka_partition) do update
set careful_until = greatest(known.careful_until, excluded.careful_until)
"""

_NOTE = """
insert into raw.message_attempts as known
    (topic, kafka_partition, kafka_offset, attempts, careful_until, alone_until, updated_at)
values %s
on conflict (topic, kafka_partition) do update
set
    kafka_offset = excluded.kafka_offset,
    attempts = excluded.attempts,
    alone_until = greatest(known.alone_until, excluded.alone_until),
    updated_at = excluded.updated_at
"""
