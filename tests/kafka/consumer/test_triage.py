"""The first message of an id is the order; what follows is a duplicate or a conflict."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import msgspec
import pytest
from confluent_kafka import Message

from fraud_core.events import Instant, OrderEvent
from fraud_stream.consumer import triage as sorting_out
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.forms import quick_orders
from fraud_stream.consumer.quick import quick_orders as never
from fraud_stream.consumer.rejection import ERASED
from fraud_stream.consumer.triage import Triage, triage

ORDER = (
    b'{"schema_version":1,"transaction_id":"%s","customer_id":"c","merchant_id":"m","amount":%s,'
    b'"event_time":"2026-01-01T00:00:00Z","currency":"EUR","payment_method":"card"}'
)


LABEL = (
    b'{"transaction_id":"a","label":"fraud","source":"chargeback",'
    b'"labelled_at":"2026-01-20T00:00:00Z"}'
)


NOW = 1_767_225_600_000
"""When the orders take place, in milliseconds since 1970."""


def record(offset: int, value: bytes | None, partition: int = 0, topic: str = "orders") -> Message:
    return Message(
        topic=topic,
        partition=partition,
        offset=offset,
        value=value,
        timestamp=(1, NOW),
    )


def sort_out(records: Sequence[Message], landed: Mapping[str, bytes] | None = None) -> Triage:
    known = landed or {}
    return triage(
        records,
        Terms("labels", 10_000, NOW),
        landed=lambda ids: {name: known[name] for name in ids if name in known},
    )


def offsets(pairs: Sequence[tuple[Message, object]]) -> list[int | None]:
    return [message.offset() for message, _ in pairs]


def test_each_record_ends_in_exactly_one_place() -> None:
    found = sort_out(
        [
            record(0, ORDER % (b"a", b"1")),
            record(1, None),
            record(2, ORDER % (b"a", b"1")),
            record(3, ORDER % (b"b", b"1")),
        ]
    )
    assert (offsets(found.orders), offsets(found.duplicates), offsets(found.dead)) == (
        [0, 3],
        [2],
        [1],
    )


def test_a_batch_of_several_calls_is_sorted_out_message_by_message() -> None:
    edge = sorting_out.LOOKED_OVER_AT_ONCE
    bad = {edge - 1, edge, 2 * edge}
    values = [None if n in bad else ORDER % (b"o%d" % n, b"1") for n in range(2 * edge + 7)]
    found = sort_out([record(n, value) for n, value in enumerate(values)])
    assert offsets(found.dead) == sorted(bad)
    assert [(message.offset(), order.transaction_id) for message, order in found.orders] == [
        (n, f"o{n}") for n in range(len(values)) if n not in bad
    ]


def test_an_order_from_before_an_erasure_is_dead_among_new_ones() -> None:
    found = triage(
        [record(0, ORDER % (b"a", b"1")), record(1, ORDER % (b"b", b"1"))],
        Terms("labels", 10_000, NOW),
        landed=lambda _: {},
        is_erased=lambda order: order.transaction_id == "a",
    )
    assert (offsets(found.orders), offsets(found.dead)) == ([1], [0])
    assert found.dead[0][1] is ERASED


def at(time: bytes, transaction_id: bytes) -> bytes:
    return (ORDER % (transaction_id, b"1")).replace(b"2026-01-01T00:00:00Z", time)


def test_orders_of_one_batch_come_in_event_time() -> None:
    found = sort_out(
        [
            record(0, at(b"2026-01-01T00:00:03Z", b"c"), 0),
            record(0, at(b"2026-01-01T00:00:01Z", b"a"), 1),
            record(1, at(b"2026-01-01T03:00:02+03:00", b"b"), 1),
        ]
    )
    assert [order.transaction_id for _, order in found.orders] == ["a", "b", "c"]


@pytest.mark.parametrize("quick", [quick_orders, never])
def test_without_a_timestamp_an_order_may_not_be_ahead_of_its_landing(
    monkeypatch: pytest.MonkeyPatch, quick: Callable[..., object]
) -> None:
    monkeypatch.setattr(sorting_out, "quick_orders", quick)
    times = (b"2026-01-01T00:59:59Z", b"2026-01-01T01:00:01Z", b"2090-01-01T00:00:00Z")
    found = sort_out(
        [
            Message(
                topic="orders", partition=0, offset=n, value=at(time, b"%d" % n), timestamp=kind
            )
            for n, time in enumerate(times)
            for kind in [(0, 0) if n else (1, -1)]
        ]
    )
    assert offsets(found.orders) == [0]
    assert [rejection.reason for _, rejection in found.dead] == ["future", "future"]


@pytest.mark.parametrize("quick", [quick_orders, never])
def test_a_sender_whose_clock_is_ahead_takes_no_order_along(
    monkeypatch: pytest.MonkeyPatch, quick: Callable[..., object]
) -> None:
    monkeypatch.setattr(sorting_out, "quick_orders", quick)
    found = sort_out(
        [
            Message(
                topic="orders",
                partition=0,
                offset=n,
                value=at(time, b"%d" % n),
                timestamp=(1, stamped),
            )
            for n, (time, stamped) in enumerate(
                [
                    (b"2026-01-01T01:59:59Z", NOW + 3_600_000),
                    (b"2026-01-01T02:00:01Z", NOW + 7_200_000),
                    (b"9998-06-01T00:00:00Z", 253_356_854_400_000),
                ]
            )
        ]
    )
    assert offsets(found.orders) == [0]
    assert [rejection.reason for _, rejection in found.dead] == ["future", "future"]


def test_a_partition_is_never_reordered() -> None:
    found = sort_out(
        [
            record(0, at(b"2026-01-01T00:00:03Z", b"c"), 0),
            record(1, at(b"2026-01-01T00:00:01Z", b"late"), 0),
            record(0, at(b"2026-01-01T00:00:02Z", b"b"), 1),
        ]
    )
    assert [order.transaction_id for _, order in found.orders] == ["b", "c", "late"]


def test_a_label_is_told_from_an_order_by_its_topic_alone() -> None:
    found = sort_out(
        [
            record(0, LABEL, topic="labels"),
            record(1, ORDER % (b"a", b"1"), topic="labels"),
            record(2, LABEL),
        ]
    )
    assert (offsets(found.labels), offsets(found.orders), offsets(found.dead)) == ([0], [], [1, 2])


def test_a_label_of_an_order_is_no_duplicate_of_it() -> None:
    found = sort_out([record(0, ORDER % (b"a", b"1")), record(0, LABEL, topic="labels")])
    assert (len(found.orders), len(found.labels), len(found.duplicates)) == (1, 1, 0)


def test_the_same_id_in_two_partitions_is_one_order() -> None:
    found = sort_out([record(0, ORDER % (b"a", b"1"), 0), record(0, ORDER % (b"a", b"1"), 1)])
    assert (len(found.orders), len(found.duplicates)) == (1, 1)


def test_an_order_that_landed_long_ago_is_a_duplicate() -> None:
    found = sort_out([record(7, ORDER % (b"a", b"1"))], {"a": ORDER % (b"a", b"1")})
    assert (offsets(found.orders), offsets(found.duplicates)) == ([], [7])


def test_spaces_and_the_order_of_keys_make_no_other_content() -> None:
    again = (
        (ORDER % (b"a", b"1.0"))
        .replace(b'"schema_version":1,', b"")
        .replace(b"}", b' , "schema_version": 1 }')
    )
    found = sort_out([record(0, ORDER % (b"a", b"1")), record(1, again)])
    assert offsets(found.duplicates) == [1]


def with_fields(fields: bytes, time: bytes = b"2026-01-01T00:00:00Z") -> bytes:
    return at(time, b"a")[:-1] + fields + b"}"


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (with_fields(b""), with_fields(b',"voucher_code":null')),
        (with_fields(b',"voucher_code":null'), with_fields(b"")),
        (with_fields(b""), with_fields(b',"items":[]')),
        (with_fields(b',"items":[]'), with_fields(b',"shipping":null')),
        (with_fields(b',"shipping":{"country":"DE"}'),
         with_fields(b',"shipping":{"country":"DE","city":null}')),
        (with_fields(b""), with_fields(b',"shipping":{"city":null}')),
        (with_fields(b""), with_fields(b"", b"2026-01-01T00:00:00+00:00")),
        (with_fields(b""), with_fields(b"", b"2026-01-01T01:00:00.000+01:00")),
        (with_fields(b',"account_created_at":"2020-01-01T00:00:00Z"'),
         with_fields(b',"account_created_at":"2019-12-31T19:00:00-05:00"')),
        (with_fields(b',"password_changed_at":"2020-01-01T00:00:00Z"'),
         with_fields(b',"password_changed_at":"2020-01-01T00:00:00+00:00"')),
    ],
)  # fmt: skip
def test_what_says_the_same_in_other_words_is_a_duplicate(first: bytes, again: bytes) -> None:
    found = sort_out([record(0, first), record(1, again)])
    assert (offsets(found.orders), offsets(found.duplicates)) == ([0], [1])


@pytest.mark.parametrize(
    ("again", "field"),
    [
        (with_fields(b',"voucher_code":"v"'), "voucher_code"),
        (with_fields(b',"is_guest":false'), "is_guest"),
        (with_fields(b',"failed_login_attempts":0'), "failed_login_attempts"),
        (with_fields(b',"customer_name":""'), "customer_name"),
        (with_fields(b"", b"2026-01-01T00:00:00.000001Z"), "event_time"),
        (with_fields(b"", b"2026-01-01T00:00:00+01:00"), "event_time"),
        (with_fields(b',"unknown":"2026-01-01T00:00:00Z"'), "unknown"),
    ],
)
def test_a_conflict_names_what_one_of_them_says_alone(again: bytes, field: str) -> None:
    found = sort_out([record(0, with_fields(b"")), record(1, again)])
    assert [rejection.detail for _, rejection in found.dead] == [
        f"transaction_id: landed before with other content in {field}"
    ]


def test_all_times_of_the_contract_are_compared_as_moments() -> None:
    times = [field.name for field in msgspec.structs.fields(OrderEvent) if is_time(field.type)]
    assert sorted(times) == sorted(sorting_out.TIMES)


def is_time(kind: Any) -> bool:
    return kind == Instant or Instant in get_args(kind)


def test_numbers_too_large_for_a_double_are_compared_exactly() -> None:
    with_number = (ORDER % (b"a", b"1"))[:-1] + b',"x": %s}'
    numbers = (b"9" * 30, b" " + b"9" * 30, b"9" * 29 + b"8", b"1e999")
    found = sort_out([record(n, with_number % number) for n, number in enumerate(numbers)])
    assert (offsets(found.duplicates), offsets(found.dead)) == ([1], [2, 3])


def test_other_content_under_a_landed_id_is_a_conflict_that_names_the_field() -> None:
    found = sort_out([record(7, ORDER % (b"a", b"2"))], {"a": ORDER % (b"a", b"1")})
    ((_, rejection),) = found.dead
    assert rejection.reason == "id_conflict"
    assert rejection.detail.endswith("other content in amount")


def test_a_bad_message_does_not_take_its_id_away_from_the_good_one() -> None:
    found = sort_out([record(0, ORDER % (b"a", b"0")), record(1, ORDER % (b"a", b"1"))])
    assert (offsets(found.dead), offsets(found.orders)) == ([0], [1])
