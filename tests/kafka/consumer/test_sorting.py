"""Both forms bring a batch into the same order, and neither reorders a partition."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from bad_input import order
from confluent_kafka import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_core.events import OrderEvent
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.sorting import Decoded
from fraud_stream.consumer.sorting import in_event_time as python

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
EVENT = msgspec.json.decode(order("t"), type=OrderEvent)
BAD = Rejection("not_json", "")
ZONES = [UTC, timezone(timedelta(hours=3)), timezone(timedelta(hours=-7, minutes=-30))]


def _compiled() -> Any:
    reason = "installed without a C compiler"
    return pytest.importorskip("fraud_stream.consumer._core", reason=reason).in_event_time


@st.composite
def batches(draw: st.DrawFn) -> list[Decoded]:
    """Records of a few partitions as they are read: offsets ascend in each of them."""
    found: list[Decoded] = []
    for offset in range(draw(st.integers(0, 30))):
        record = Message(
            topic=draw(st.sampled_from(["a", "b"])),
            partition=draw(st.integers(0, 3)),
            offset=offset,
            value=b"",
        )
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 5)))
        event = msgspec.structs.replace(
            EVENT, event_time=at.astimezone(draw(st.sampled_from(ZONES)))
        )
        found.append((record, draw(st.sampled_from([event, event, BAD]))))
    return found


@UNHURRIED
@given(batches())
def test_both_forms_sort_alike(batch: list[Decoded]) -> None:
    places = {id(pair): place for place, pair in enumerate(batch)}
    found = [[places[id(pair)] for pair in form(batch)] for form in (python, _compiled())]
    assert found[0] == found[1]


@UNHURRIED
@given(batches())
def test_a_partition_keeps_its_own_order(batch: list[Decoded]) -> None:
    offsets: defaultdict[tuple[str | None, int | None], list[int]] = defaultdict(list)
    for record, _ in python(batch):
        offsets[record.topic(), record.partition()].append(record.offset() or 0)
    assert all(found == sorted(found) for found in offsets.values())


def test_the_compiled_form_takes_decoded_records_and_nothing_else() -> None:
    for wrong in ((), [1], [(1, 2)]):
        with pytest.raises((TypeError, AttributeError)):
            _compiled()(wrong)
