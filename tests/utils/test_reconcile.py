"""The demo's sum: what is on the topic must be found exactly once."""

import pytest

from fraud_core.errors import ReconciliationError
from fraud_local.reconcile import Reconciliation, grown
from fraud_stream.consumer.batch import Counts

FOUND = Counts(landed=7, flagged=3, duplicates=2, dead=1)


def test_complete_when_every_message_is_found_once() -> None:
    counts = Reconciliation(acknowledged=10, on_topic=10, found=FOUND)
    counts.require_complete()
    assert counts.unaccounted == 0


@pytest.mark.parametrize("on_topic", [9, 11])
def test_a_lost_or_doubled_message_is_an_error(on_topic: int) -> None:
    with pytest.raises(ReconciliationError, match=f"leaves {on_topic - 10} unaccounted"):
        Reconciliation(acknowledged=9, on_topic=on_topic, found=FOUND).require_complete()


def test_an_acknowledged_order_that_the_topic_does_not_hold_is_an_error() -> None:
    with pytest.raises(ReconciliationError, match="11 orders were acknowledged"):
        Reconciliation(acknowledged=11, on_topic=10, found=FOUND).require_complete()


def test_growth_counts_new_partitions_from_their_start() -> None:
    assert grown({("t", 0): 5}, {("t", 0): 8, ("t", 1): 4}) == 7
