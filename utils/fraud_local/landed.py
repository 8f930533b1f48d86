"""Is what the consumer landed all there? Asked of Postgres alone, in one snapshot.

Every message between the first one that a partition's tables hold and the stored next offset must
be an order, a label, a duplicate or a dead letter, exactly once. Once retention has dropped orders,
it begins with the first order that is left. Who has checked before may begin where that ended, so
that the work does not grow with history.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import msgspec

from fraud_core.database import connect
from fraud_core.errors import ReconciliationError
from fraud_core.settings import Role, Settings

_ACCOUNTS = """
with retention as (
    select coalesce(max(dropped_up_to), 0) > 0 as has_dropped from raw.retention
),
orders as (
    select topic, kafka_partition, count(*) as orders, min(kafka_offset) as first_offset
    from raw.transactions_stream where topic = any(%(topics)s) group by 1, 2
),
others as (
    select topic, kafka_partition, kafka_offset, 1 as label, 0 as duplicate, 0 as dead_letter
    from raw.transaction_labels where topic = any(%(topics)s)
    union all
    select topic, kafka_partition, kafka_offset, 0, 1, 0
    from raw.duplicate_transactions where topic = any(%(topics)s)
    union all
    select topic, kafka_partition, kafka_offset, 0, 0, 1
    from raw.dead_letters where topic = any(%(topics)s)
),
counted as (
    select
        topic, kafka_partition, sum(label) as labels, sum(duplicate) as duplicates,
        sum(dead_letter) as dead_letters, min(kafka_offset) as first_offset
    from others
    cross join retention
    left join orders using (topic, kafka_partition)
    where
        not retention.has_dropped
        or orders.first_offset is null
        or kafka_offset >= orders.first_offset
    group by 1, 2
),
stored as (
    select topic, kafka_partition, next_offset, skipped
    from raw.stream_offsets where topic = any(%(topics)s)
)
select
    topic,
    kafka_partition,
    coalesce(orders, 0)::bigint,
    coalesce(labels, 0)::bigint,
    coalesce(duplicates, 0)::bigint,
    coalesce(dead_letters, 0)::bigint,
    coalesce(next_offset - least(orders.first_offset, counted.first_offset), 0)::bigint,
    coalesce(skipped, 0)
from stored
full join orders using (topic, kafka_partition)
full join counted using (topic, kafka_partition)
order by 1, 2
"""

_POSITIONS = """
select topic, kafka_partition, next_offset, skipped
from raw.stream_offsets where topic = any(%(topics)s)
"""

_UP_TO = """
select greatest(
    0,
    (select max(ingest_id) from raw.transactions_stream),
    (select max(ingest_id) from raw.transaction_labels)
)
"""

# Orders and labels by ingest_id, which grows with every landing; the others by their offsets.
_ACCOUNTS_SINCE = """
with stored as (
    select
        topic, kafka_partition, coalesce(checked.next_offset_then, 0) as start,
        (next_offset - skipped)
        - (coalesce(checked.next_offset_then, 0) - coalesce(checked.skipped_then, 0)) as messages
    from raw.stream_offsets
    left join
        unnest(
            %(then_topics)s::text[], %(then_partitions)s::int[], %(then_offsets)s::bigint[],
            %(then_skipped)s::bigint[]
        ) as checked (topic, kafka_partition, next_offset_then, skipped_then)
        using (topic, kafka_partition)
    where topic = any(%(topics)s)
),
orders as (
    select topic, kafka_partition, count(*) as orders
    from raw.transactions_stream
    where topic = any(%(topics)s) and ingest_id > %(up_to)s
    group by 1, 2
),
labels as (
    select topic, kafka_partition, count(*) as labels
    from raw.transaction_labels
    where topic = any(%(topics)s) and ingest_id > %(up_to)s
    group by 1, 2
)
select
    topic,
    kafka_partition,
    coalesce(orders, 0),
    coalesce(labels, 0),
    (
        select count(*) from raw.duplicate_transactions as found
        where
            (found.topic, found.kafka_partition) = (stored.topic, stored.kafka_partition)
            and found.kafka_offset >= stored.start
    ),
    (
        select count(*) from raw.dead_letters as found
        where
            (found.topic, found.kafka_partition) = (stored.topic, stored.kafka_partition)
            and found.kafka_offset >= stored.start
    ),
    coalesce(messages, 0)
from stored
full join orders using (topic, kafka_partition)
full join labels using (topic, kafka_partition)
order by 1, 2
"""


class Checked(msgspec.Struct, frozen=True):
    """How far a check got: the highest ingest_id, and the next offset of `topic/partition`.

    `skipped` are how many offsets below that one hold no message.
    """

    up_to: int
    next_offsets: dict[str, int]
    skipped: dict[str, int] = {}


class PartitionAccount(msgspec.Struct, frozen=True):
    """Counts of one partition; `consumed` is what the stored offset says was read.

    Up to `skipped` of that may be offsets without a message: it is not known how many of those
    stand before the first message that is still there.
    """

    topic: str
    partition: int
    orders: int
    labels: int
    duplicates: int
    dead_letters: int
    consumed: int
    skipped: int = 0

    @property
    def unaccounted(self) -> int:
        """Read but found in no table; negative when found twice or past the stored offset."""
        off = self.consumed - self.orders - self.labels - self.duplicates - self.dead_letters
        return off if off < 0 else max(0, off - self.skipped)


class Landed(msgspec.Struct, frozen=True):
    """What the stream left in Postgres."""

    orders: int
    labels: int
    duplicates: int
    dead_letters: int


def partition_accounts(settings: Settings) -> list[PartitionAccount]:
    """One account a partition of the orders' and the labels' topic, all of the same moment."""
    return accounts_since(settings, None)[0]


def accounts_since(
    settings: Settings, checked: Checked | None
) -> tuple[list[PartitionAccount], Checked]:
    """Accounts of what has landed since a check, and how far this one gets.

    They are of everything when there was no check, or when offsets are lower than they were then.
    """
    topics = {"topics": [settings.kafka_topic_transactions, settings.kafka_topic_labels]}
    connection = connect(settings, Role.DBT, application="check_raw_transactions")
    with closing(connection):
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection, connection.cursor() as cursor:
            cursor.execute(_POSITIONS, topics)
            found = {f"{topic}/{place}": rest for topic, place, *rest in cursor.fetchall()}
            cursor.execute(_UP_TO)
            now = Checked(
                cursor.fetchall()[0][0],
                {place: next_offset for place, (next_offset, _) in found.items()},
                {place: skipped for place, (_, skipped) in found.items()},
            )
            if checked is None or not _continues(checked, now):
                cursor.execute(_ACCOUNTS, topics)
            else:
                cursor.execute(_ACCOUNTS_SINCE, {**topics, **_parameters(checked)})
            return [PartitionAccount(*row) for row in cursor.fetchall()], now


def _continues(then: Checked, now: Checked) -> bool:
    """Whether the log went on from there, and was neither cut nor made anew."""
    offsets: Mapping[str, int] = now.next_offsets
    return now.up_to >= then.up_to and all(
        offsets.get(place, -1) >= at for place, at in then.next_offsets.items()
    )


def _parameters(checked: Checked) -> dict[str, Any]:
    places = [place.rpartition("/") for place in checked.next_offsets]
    return {
        "up_to": checked.up_to,
        "then_topics": [topic for topic, _, _ in places],
        "then_partitions": [int(partition) for _, _, partition in places],
        "then_offsets": list(checked.next_offsets.values()),
        "then_skipped": [checked.skipped.get(place, 0) for place in checked.next_offsets],
    }


def require_complete(accounts: Sequence[PartitionAccount], *, may_be_none: bool = False) -> Landed:
    """Add the accounts up; raises ReconciliationError that says which partition is off, and how.

    Also when there are no orders at all, unless there `may_be_none`.
    """
    wrong = [account for account in accounts if account.unaccounted]
    if wrong:
        lines = "\n".join(f"  {a.topic}/{a.partition}: {_difference(a)}" for a in wrong)
        raise ReconciliationError(
            f"what has landed does not add up, by topic and partition:\n{lines}\n"
            "The consumer moves what it read and the offsets in one transaction, so a table of "
            "schema raw was changed by something else, or the topic was made anew. Compare the "
            "partition's offsets in transactions_stream, transaction_labels, "
            "duplicate_transactions and dead_letters with stream_offsets."
        )
    landed = Landed(
        orders=sum(account.orders for account in accounts),
        labels=sum(account.labels for account in accounts),
        duplicates=sum(account.duplicates for account in accounts),
        dead_letters=sum(account.dead_letters for account in accounts),
    )
    if landed.orders == 0 and not may_be_none:
        raise ReconciliationError(
            f"no order has landed yet ({landed.dead_letters:,} dead letters): send "
            "some with `fraud produce`, and see `fraud logs consumer` if they stay away"
        )
    return landed


def _difference(account: PartitionAccount) -> str:
    missing = account.unaccounted
    what = f"{missing:,} missing" if missing > 0 else f"{-missing:,} too many"
    return (
        f"{what}: {account.consumed:,} were read, {account.orders:,} orders + "
        f"{account.labels:,} labels + {account.duplicates:,} duplicates + "
        f"{account.dead_letters:,} dead letters are there"
    )
