"""How far landing is, by what Postgres stores and what the broker has."""

from fraud_stream.consumer.batch import Partition, Positions
from fraud_stream.consumer.log import Log


def behind(stored: Positions, log: Log) -> dict[Partition, int]:
    """Messages still to be landed up to the log's end, for the partitions that have any.

    A partition that was never read starts at the first offset that the broker still has.
    """
    missing = {
        partition: end - stored.get(partition, log.first[partition])
        for partition, end in log.end.items()
    }
    return {partition: count for partition, count in missing.items() if count > 0}
