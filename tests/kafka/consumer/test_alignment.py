"""Records of several partitions come in one order of time, and a partition's own order holds."""

from confluent_kafka import Message
from hypothesis import given
from hypothesis import strategies as st

from fraud_stream.consumer.alignment import Alignment
from fraud_stream.consumer.batch import Record


def record(partition: int, offset: int, at: int) -> Message:
    return Message(
        topic="orders", partition=partition, offset=offset, value=b"{}", timestamp=(1, at)
    )


def places(records: list[Record]) -> list[tuple[int | None, int | None]]:
    return [(found.partition(), found.offset()) for found in records]


def filled(*records: Message) -> Alignment:
    alignment = Alignment()
    alignment.add(records)
    return alignment


def test_with_nothing_behind_all_is_released_in_order_of_time() -> None:
    alignment = filled(record(0, 0, 10), record(0, 1, 30), record(1, 0, 20))
    assert places(alignment.ready(())) == [(0, 0), (1, 0), (0, 1)]
    assert len(alignment) == 0


def test_what_a_partition_behind_may_still_precede_is_held_back() -> None:
    alignment = filled(record(0, 0, 10), record(0, 1, 30), record(1, 0, 20))
    assert places(alignment.ready([("orders", 1)])) == [(0, 0), (1, 0)]
    assert alignment.first_held() == {("orders", 0): 1}


def test_nothing_is_released_before_a_partition_behind_has_shown_anything() -> None:
    alignment = filled(record(0, 0, 10))
    assert alignment.ready([("orders", 1)]) == []
    assert places(alignment.ready(())) == [(0, 0)]


def test_a_clock_that_goes_back_does_not_reorder_a_partition() -> None:
    alignment = filled(record(0, 0, 50), record(0, 1, 5), record(1, 0, 20))
    assert places(alignment.ready(())) == [(1, 0), (0, 0), (0, 1)]


def test_no_more_is_released_at_once_than_asked_for() -> None:
    alignment = filled(*(record(n % 2, n // 2, n) for n in range(10)))
    assert places(alignment.ready((), rows=3)) == [(0, 0), (1, 0), (0, 1)]
    assert places(alignment.ready((), size=5)) == [(1, 1), (0, 2)]
    assert places(alignment.ready((), size=1)) == [(1, 2)]
    assert alignment.size == 2 * len(alignment) == 8


def test_it_says_where_each_partition_goes_on() -> None:
    some = [record(0, 4, 10), record(1, 7, 5), record(0, 5, 3)]
    assert Alignment().add(some) == {("orders", 0): 6, ("orders", 1): 8}


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=40),
    st.lists(st.sets(st.integers(0, 2)), min_size=1, max_size=5),
)
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
