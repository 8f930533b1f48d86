"""Where did each message of a stretch of the topic end? Every one must be found exactly once."""

from collections.abc import Mapping

import msgspec
from psycopg2.extras import execute_values

from fraud_core.database import Connection
from fraud_core.errors import ReconciliationError

_COUNT = """
with produced (kafka_partition, first_offset, end_offset) as (values %s)
select
    (select count(*) from produced join raw.transactions_stream s using (kafka_partition)
     where s.topic = {topic} and s.kafka_offset >= first_offset and s.kafka_offset < end_offset),
    (select count(*) from produced join raw.transactions_stream s using (kafka_partition)
     join raw.transaction_decisions d using (ingest_id)
     where s.topic = {topic} and s.kafka_offset >= first_offset and s.kafka_offset < end_offset
     and d.outcome <> 'approve'),
    (select count(*) from produced join raw.duplicate_transactions s using (kafka_partition)
     where s.topic = {topic} and s.kafka_offset >= first_offset and s.kafka_offset < end_offset),
    (select count(*) from produced join raw.dead_letters s using (kafka_partition)
     where s.topic = {topic} and s.kafka_offset >= first_offset and s.kafka_offset < end_offset)
"""


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of messages; `flagged` is a part of `landed`."""

    produced: int
    landed: int
    flagged: int
    duplicates: int
    dead_letters: int

    @property
    def unaccounted(self) -> int:
        """Produced but found nowhere; negative when something was found twice."""
        return self.produced - self.landed - self.duplicates - self.dead_letters

    def require_complete(self) -> None:
        """Raise ReconciliationError unless every message is accounted for exactly once."""
        if self.unaccounted:
            raise ReconciliationError(
                f"{self.produced:,} produced, but {self.landed:,} landed + {self.duplicates:,} "
                f"duplicates + {self.dead_letters:,} dead letters leave {self.unaccounted:,} "
                "unaccounted for: see `fraud status` and `fraud logs consumer`"
            )


def reconcile(
    connection: Connection, topic: str, first: Mapping[int, int], end: Mapping[int, int]
) -> Reconciliation:
    """Count where the offsets from `first` (inclusive) to `end` (exclusive) of each partition are."""
    rows = [(partition, first.get(partition, 0), offset) for partition, offset in end.items()]
    with connection.cursor() as cursor:
        query = cursor.mogrify(_COUNT.replace("%s", "%%s").format(topic="%s"), [topic] * 4)
        ((landed, flagged, duplicates, dead),) = execute_values(
            cursor, query.decode(), rows, fetch=True
        )
    connection.rollback()
    return Reconciliation(
        produced=sum(offset - low for _, low, offset in rows),
        landed=landed,
        flagged=flagged,
        duplicates=duplicates,
        dead_letters=dead,
    )
