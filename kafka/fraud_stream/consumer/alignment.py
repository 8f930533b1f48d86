"""Brings the partitions' records into one order of time, as far as that can be known.

Fraud shows in what customers share, and their orders come on different partitions. A consumer that
catches up gets long stretches of one partition after the other; scored like that, an order would
not see those that were placed minutes before it.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate

from fraud_stream.consumer.batch import Partition, Positions, Record, coordinates

_Entry = tuple[int, Partition, int, Record]
_NEVER = -(1 << 62)
NO_LIMIT = 1 << 62


class Alignment:
    """Holds back the records of partitions that are ahead of others that still have some to read.

    The time is that of the Kafka record. Within a partition records are never reordered: one whose
    time is before that of its predecessor counts as of the same time.
    """

    def __init__(self) -> None:
        self._newest: dict[Partition, int] = {}
        self._held: list[_Entry] = []
        self.size = 0
        """Bytes held back."""

    def __len__(self) -> int:
        return len(self._held)

    def add(self, records: Sequence[Record]) -> Positions:
        """Take in the next records of their partitions; where those go on now."""
        newest, hold = self._newest, self._held.append
        end: dict[Partition, int] = {}
        for record in records:
            partition, offset = coordinates(record)
            at, before = record.timestamp()[1], newest.get(partition, _NEVER)
            if at > before:
                newest[partition] = at
            else:
                at = before
            hold((at, partition, offset, record))
            end[partition] = offset + 1
        self.size += sum(map(len, records))
        return end

    def ready(
        self, behind: Collection[Partition], *, rows: int = NO_LIMIT, size: int = NO_LIMIT
    ) -> list[Record]:
        """Those that no record still to be read of the partitions `behind` can come before.

        So many at most, and so many bytes, but one at least if there is any.
        """
        self._held.sort()
        horizon = min((self._newest.get(partition, _NEVER) for partition in behind), default=None)
        count = len(self._held)
        if horizon is not None:
            count = bisect_right(self._held, horizon, key=lambda entry: entry[0])
        released = [record for _, _, _, record in self._held[: min(count, rows)]]
        if self.size > size:
            released = _cut(released, size)
        self.size -= sum(map(len, released))
        del self._held[: len(released)]
        return released

    def first_held(self) -> dict[Partition, int]:
        """For each partition with records held back, the offset of the first of them."""
        first: dict[Partition, int] = {}
        for _, partition, offset, _ in self._held:
            first.setdefault(partition, offset)
        return first


def _cut(records: list[Record], size: int) -> list[Record]:
    """The first of them, up to so many bytes."""
    ends = list(accumulate(map(len, records)))
    return records[: max(1, bisect_right(ends, size))]
