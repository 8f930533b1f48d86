"""Where did each message of a stretch of the topic end? Every one must be found exactly once."""

import msgspec

from fraud_core.errors import ReconciliationError
from fraud_stream.consumer.batch import Counts, Positions


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """`acknowledged` by the broker to the producer, `on_topic` by the log's own offsets."""

    acknowledged: int
    on_topic: int
    found: Counts

    @property
    def unaccounted(self) -> int:
        """On the topic but found nowhere; negative when something was found twice."""
        return self.on_topic - self.found.landed - self.found.duplicates - self.found.dead

    def require_complete(self) -> None:
        """Raise ReconciliationError unless every message is accounted for exactly once."""
        if self.acknowledged > self.on_topic:
            raise ReconciliationError(
                f"{self.acknowledged:,} orders were acknowledged, but the topic grew by only "
                f"{self.on_topic:,}: the broker lost some; see `fraud logs kafka`"
            )
        if self.unaccounted:
            raise ReconciliationError(
                f"of {self.on_topic:,} messages on the topic {self.found.landed:,} landed, "
                f"{self.found.duplicates:,} are duplicates and {self.found.dead:,} dead letters, "
                f"which leaves {self.unaccounted:,} unaccounted for: see `fraud status` and "
                "`fraud logs consumer`"
            )


def grown(before: Positions, after: Positions) -> int:
    """How many offsets a topic gained between two looks at its ends."""
    return sum(end - before.get(partition, 0) for partition, end in after.items())
