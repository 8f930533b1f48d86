"""The rows of decided orders: each holds all of its order, and both forms write the same bytes."""

import json
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from bad_input import order
from confluent_kafka import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraud_core.events import OrderEvent
from fraud_stream.consumer import binary_rows as python
from fraud_stream.consumer import rows
from fraud_stream.consumer.binary_rows import Decided
from fraud_stream.consumer.copy_binary import framed, rows_of
from fraud_stream.consumer.rows import COLUMNS, by_order, decided_rows
from fraud_stream.scoring.decision import Decision, Factor, ListHit, Reason

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVENT = msgspec.json.decode(order("t"), type=OrderEvent)
QUIET: dict[Factor, float | None] = {"amount": 0.0, "velocity": None}
ABSENT = ("velocity.card", "amount.odd")


def decision(number: int) -> Decision:
    """Of a few kinds, which share what decisions share: factors, and rules without input."""
    fired = Reason("a.b", "amount", 0.5, 'back\\slash\t"quoted"', {"x": "\n"}, 0.5)
    met = ListHit("watch", "customer", "c", "asked for \\")
    kinds = (
        Decision("approve", 0.0, QUIET, (), {"n": number}, "Fulfil", (), lists_version="l"),
        Decision("approve", 0.0, QUIET, (), {"n": "\\"}, "Fulfil", ABSENT, lists_version="l"),
        Decision("review", 0.5, QUIET, (fired,), {"n": None}, "Look", ABSENT, lists_version="l"),
        Decision("approve", 0.0, QUIET, (), {}, "Fulfil", ABSENT, (fired,), lists_version="l"),
        Decision("approve", 0.0, QUIET, (), {}, "Fulfil", (), lists=(met,), lists_version="l"),
        Decision("review", 0.0, QUIET, (), {}, "Look", (), lists_version="m\t"),
        Decision("decline", 1e-7, dict(QUIET), (fired,), {"f": 0.1}, "No", ABSENT, (), (fired,)),
    )
    return kinds[number % len(kinds)]


def message(value: bytes | None, stamp: tuple[int, int], offset: int = 2) -> Message:
    return Message(topic="orders", partition=1, offset=offset, value=value, timestamp=stamp)


def cells(found: dict[str, bytes], table: str) -> list[dict[str, bytes]]:
    """A table's rows by column, as COPY takes them."""
    names = COLUMNS[table].split(", ")
    return [dict(zip(names, fields(row), strict=True)) for row in rows_of(found[table])]


def fields(row: bytes) -> list[bytes]:
    (count,), at, found = struct.unpack_from(">h", row), 2, []
    for _ in range(count):
        (length,) = struct.unpack_from(">i", row, at)
        found.append(row[at + 4 : at + 4 + length])
        at += 4 + length
    assert at == len(row)
    return found


def whole_number(field: bytes) -> int:
    return int.from_bytes(field, "big", signed=True)


def moment(field: bytes) -> datetime:
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=whole_number(field))


def written(monkeypatch: pytest.MonkeyPatch, form: Any, decided: Sequence[Decided]) -> Any:
    monkeypatch.setattr(rows, "BinaryRows", form)
    return decided_rows(list(decided), 2**40, "rules\\", NOW)


@pytest.fixture(params=["python", "c"], autouse=True)
def _form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with both forms."""
    form = _compiled() if request.param == "c" else python.BinaryRows
    monkeypatch.setattr(rows, "BinaryRows", form)


def _compiled() -> Any:
    reason = "installed without a C compiler"
    return pytest.importorskip("fraud_stream.consumer._core", reason=reason).BinaryRows


def test_a_decisions_row_does_not_depend_on_those_before_it() -> None:
    decided = [(message(b"{}", (1, 0)), EVENT, decision(number)) for number in range(60)]
    together = decided_rows(decided, 1, "rules", NOW)
    alone = [decided_rows([one], number, "rules", NOW) for number, one in enumerate(decided, 1)]
    for table, whole in together.items():
        assert whole == framed(row for own in alone for row in rows_of(own[table]))


def test_a_decisions_row_holds_all_of_it() -> None:
    found = decided_rows([(message(b"{}", (1, 0)), EVENT, decision(2))], 7, "rules", NOW)
    (values,) = cells(found, "raw.transaction_decisions")
    assert (whole_number(values["ingest_id"]), values["outcome"]) == (7, b"review")
    assert struct.unpack(">d", values["score"]) == (0.5,)
    assert values["reasons"][0] == 1
    (reason,) = json.loads(values["reasons"][1:])
    assert reason["sentence"] == 'back\\slash\t"quoted"'
    assert json.loads(values["factors"]) == QUIET
    assert json.loads(values["features"]) == {"n": None}
    assert json.loads(values["not_evaluable"]) == list(ABSENT)


def test_an_orders_row_holds_the_message_as_it_was_sent() -> None:
    value = b'{"a":"\\\\n \\t","b":1}\r\n\t' + b"x" * 200 + b"\\" + b"\xc3\xa9"
    found = decided_rows([(message(value, (1, 1_767_225_600_123)), EVENT, decision(0))], 7, "", NOW)
    (values,) = cells(found, "raw.transactions_stream")
    assert values["payload"] == value
    assert moment(values["received_at"]) == NOW + timedelta(milliseconds=123)
    assert moment(values["event_time"]) == EVENT.event_time
    assert values["topic"] == b"orders"
    assert (whole_number(values["kafka_partition"]), whole_number(values["kafka_offset"])) == (1, 2)


def test_only_those_that_somebody_is_to_be_told_of_are_in_the_outbox() -> None:
    decided = [(message(b"{}", (1, 0)), EVENT, decision(number)) for number in range(7)]
    found = cells(decided_rows(decided, 10, "", NOW), "raw.flagged_outbox")
    assert [whole_number(row["ingest_id"]) for row in found] == [12, 15, 16]


@pytest.mark.parametrize("stamp", [(0, -1), (1, -1), (1, 2**62)])
def test_a_message_without_a_sensible_time_came_when_it_was_decided(stamp: tuple[int, int]) -> None:
    found = decided_rows([(message(b"{}", stamp), EVENT, decision(0))], 7, "", NOW)
    assert moment(cells(found, "raw.transactions_stream")[0]["received_at"]) == NOW


def test_the_newest_order_is_the_latest_wherever_it_was_made() -> None:
    found = rows.DecidedRows(1, "rules", NOW)
    assert found.newest is None
    for hours, zone in ((5, UTC), (9, timezone(timedelta(hours=3))), (1, UTC)):
        made = msgspec.structs.replace(EVENT, event_time=datetime(2026, 3, 1, hours, tzinfo=zone))
        found.add([(message(b"{}", (1, 0)), made, decision(0))])
    assert found.newest == datetime(2026, 3, 1, 6, tzinfo=UTC)


ZONES = st.one_of(
    st.just(UTC),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.integers(-50_000, 50_000).map(lambda seconds: timezone(timedelta(seconds=seconds))),
)
CHANGES = st.fixed_dictionaries(
    {
        "event_time": st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30), timezones=ZONES),
        "transaction_id": st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        "customer_id": st.text("a\\\n\t\r\u00e9", min_size=1),
    }
)
EVENTS = CHANGES.map(lambda changes: msgspec.structs.replace(EVENT, **changes))
RECORDS = st.builds(
    message,
    st.one_of(
        st.none(),
        st.binary(max_size=300),
        st.text('ab{}":,\\\n\t\u00e9', max_size=300).map(str.encode),
    ),
    st.tuples(
        st.sampled_from([0, 1, 2]),
        st.one_of(st.integers(-1, 2**48), st.integers(0, 4_000_000_000_000)),
    ),
    st.integers(0, 2**62),
)


@UNHURRIED
@given(st.lists(st.tuples(RECORDS, EVENTS, st.integers(0, 6).map(decision)), max_size=20))
def test_both_forms_write_the_same_bytes(decided: list[Decided]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        compiled = written(patch, _compiled(), decided)
        assert compiled == written(patch, python.BinaryRows, decided)


@UNHURRIED
@given(st.lists(st.tuples(RECORDS, EVENTS, st.integers(0, 6).map(decision)), max_size=20))
def test_what_is_written_of_each_order_can_be_told_apart(decided: list[Decided]) -> None:
    apart = by_order(decided_rows(decided, 5, "rules", NOW))
    for number, (one, own) in enumerate(zip(decided, apart, strict=True), 5):
        alone = decided_rows([one], number, "rules", NOW)
        assert {table: framed([row]) for table, row in own.items()} == {
            table: alone[table] for table in own
        }


def test_the_compiled_form_takes_decided_orders_and_nothing_else() -> None:
    for wrong in ([(1, 2, 3)], [EVENT], (), [(message(b"{}", (1, 0)), EVENT, EVENT)]):
        with pytest.raises(TypeError):
            _compiled()(1, 0, bytes, bytes, bytes).add(wrong)
