"""Records of several partitions come in one order of time, and a partition's own order holds.

Both forms do it alike.
"""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from fraud_stream.consumer import alignment as python
from fraud_stream.consumer.alignment import Alignment
from fraud_stream.consumer.batch import Record

Form = Callable[[], Alignment]


def _compiled() -> Any:
    reason = "installed without a C compiler"
    return pytest.importorskip("fraud_stream.consumer._core", reason=reason).Alignment


@pytest.fixture(params=["python", "compiled"])
def form(request: pytest.FixtureRequest) -> Form:
    return python.Alignment if request.param == "python" else _compiled()


def record(partition: int, offset: int, at: int) -> Message:
    return Message(
        topic="orders", partition=partition, offset=offset, value=b"{}", timestamp=(1, at)
    )


def places(records: list[Record]) -> list[tuple[int | None, int | None]]:
    return [(found.partition(), found.offset()) for found in records]


def filled(form: Form, *records: Message) -> Alignment:
    alignment = form()
    alignment.add(records)
    return alignment


def test_with_nothing_behind_all_is_released_in_order_of_time(form: Form) -> None:
    alignment = filled(form, record(0, 0, 10), record(0, 1, 30), record(1, 0, 20))
    assert places(alignment.ready(())) == [(0, 0), (1, 0), (0, 1)]
    assert len(alignment) == 0


def test_what_a_partition_behind_may_still_precede_is_held_back(form: Form) -> None:
    alignment = filled(form, record(0, 0, 10), record(0, 1, 30), record(1, 0, 20))
    assert places(alignment.ready([("orders", 1)])) == [(0, 0), (1, 0)]
    assert alignment.first_held() == {("orders", 0): 1}


def test_nothing_is_released_before_a_partition_behind_has_shown_anything(form: Form) -> None:
    alignment = filled(form, record(0, 0, 10))
    assert alignment.ready([("orders", 1)]) == []
    assert places(alignment.ready(())) == [(0, 0)]


def test_a_clock_that_goes_back_does_not_reorder_a_partition(form: Form) -> None:
    alignment = filled(form, record(0, 0, 50), record(0, 1, 5), record(1, 0, 20))
    assert places(alignment.ready(())) == [(1, 0), (0, 0), (0, 1)]


def test_no_more_is_released_at_once_than_asked_for(form: Form) -> None:
    alignment = filled(form, *(record(n % 2, n // 2, n) for n in range(10)))
    assert places(alignment.ready((), rows=3)) == [(0, 0), (1, 0), (0, 1)]
    assert places(alignment.ready((), size=5)) == [(1, 1), (0, 2)]
    assert places(alignment.ready((), size=1)) == [(1, 2)]
    assert alignment.size == 2 * len(alignment) == 8


def test_it_says_where_each_partition_goes_on(form: Form) -> None:
    some = [record(0, 4, 10), record(1, 7, 5), record(0, 5, 3)]
    assert form().add(some) == {("orders", 0): 6, ("orders", 1): 8}


def test_topics_are_told_apart_and_come_in_the_order_of_their_names(form: Form) -> None:
    some = [
        Message(topic=topic, partition=0, offset=offset, value=b"", timestamp=(1, 10))
        for topic, offset in [("orders", 3), ("labels", 8), ("orders", 4)]
    ]
    alignment = filled(form, *some)
    assert alignment.first_held() == {("labels", 0): 8, ("orders", 0): 3}
    assert alignment.ready([("labels", 0)], rows=2) == [some[1], some[0]]
    assert alignment.ready([("nobody", 0)]) == []
    assert alignment.ready([("labels", 0)]) == [some[2]]
    assert alignment.first_held() == {}


def test_a_message_without_a_value_or_a_time_has_its_place(form: Form) -> None:
    tombstone = Message(topic="orders", partition=0, offset=1, value=None)
    first = record(1, 0, 5)
    alignment = filled(form, first, tombstone)
    assert alignment.size == 2
    assert alignment.ready(()) == [tombstone, first]
    assert alignment.size == 0


ARRIVALS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=40)
BEHIND = st.lists(st.sets(st.integers(0, 2)), min_size=1, max_size=5)


@given(ARRIVALS, BEHIND)
def test_each_record_is_released_once_and_in_its_partitions_order(
    arrivals: list[tuple[int, int]], behind: list[set[int]]
) -> None:
    alignment, offsets, released = Alignment(), [0, 0, 0], list[Record]()
    for number, (partition, at) in enumerate(arrivals):
        end = alignment.add([record(partition, offsets[partition], at)])
        offsets[partition] += 1
        assert end == {("orders", partition): offsets[partition]}
        late = behind[number % len(behind)]
        released += alignment.ready([("orders", p) for p in late])
    released += alignment.ready(())
    for partition in range(3):
        assert [o for p, o in places(released) if p == partition] == list(range(offsets[partition]))


@given(ARRIVALS, BEHIND, st.integers(1, 5), st.integers(1, 12))
def test_both_forms_release_the_same(
    arrivals: list[tuple[int, int]], behind: list[set[int]], together: int, most: int
) -> None:
    offsets, some = [0, 0, 0], list[Record]()
    for partition, at in arrivals:
        some.append(record(partition, offsets[partition], at))
        offsets[partition] += 1
    one, other = Alignment(), _compiled()()
    for number, start in enumerate(range(0, len(some), together)):
        arrived = some[start : start + together]
        assert one.add(arrived) == other.add(arrived)
        late = {("orders", p) for p in behind[number % len(behind)]}
        limit = {"rows": most} if number % 2 else {"size": most}
        assert one.ready(late, **limit) == other.ready(late, **limit)
        assert one.first_held() == other.first_held()
        assert (len(one), one.size) == (len(other), other.size)


def test_the_compiled_form_takes_records_and_partitions_and_nothing_else() -> None:
    alignment = _compiled()()
    for wrong in (1, [1], [(1, 2)]):
        with pytest.raises((TypeError, AttributeError)):
            alignment.add(wrong)
        with pytest.raises(TypeError):
            alignment.ready(wrong)
    assert len(alignment) == alignment.size == 0
