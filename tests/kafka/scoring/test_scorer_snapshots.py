"""Snapshots: the state of their moment, whole or in parts, to the byte; nothing else is read."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorer_steps import DAY, STEPS, MakeOrder, Steps, Stream, play, stream

from fraud_core.errors import RuleError
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import Form, available_forms


@settings(max_examples=20, deadline=None)
@given(before=STEPS, after=STEPS)
def test_a_restored_scorer_goes_on_as_if_nothing_had_happened(
    starter_book: RuleBook, order: MakeOrder, before: Steps, after: Steps
) -> None:
    past, future = stream(order, before), stream(order, after)
    whole, restored = RuleScorer(starter_book), RuleScorer(starter_book)
    play(whole, past)
    data = whole.snapshot()
    restored.restore([[data]])
    assert restored.snapshot() == data
    assert play(restored, future) == play(whole, future)
    assert restored.snapshot() == whole.snapshot()


@pytest.mark.parametrize("form", available_forms())
@settings(max_examples=20, deadline=None)
@given(steps=st.lists(STEPS, min_size=2, max_size=4), after=STEPS)
def test_a_state_written_in_parts_is_the_same_as_in_one(
    starter_book: RuleBook, order: MakeOrder, form: Form, steps: list[Steps], after: Steps
) -> None:
    past, future = [stream(order, some) for some in steps], stream(order, after)
    whole, restored = RuleScorer(starter_book, form), RuleScorer(starter_book, form)
    parts, ends = [], [whole.taken()]
    for some in past:
        play(whole, some)
        parts.append(whole.freeze(ends[-1]).encode())
        ends.append(whole.taken())
    restored.restore([part] for part in parts)

    orders, labels = ends[-1]
    assert orders == sum(map(len, past))
    assert labels == sum(fraud is not None for some in past for _, fraud in some)
    assert restored.snapshot() == whole.snapshot()
    assert play(restored, future) == play(whole, future)
    assert restored.snapshot() == whole.snapshot()


@pytest.mark.parametrize("form", available_forms())
def test_what_is_out_of_reach_by_the_next_part_takes_no_text_of_it_along(
    starter_book: RuleBook, order: MakeOrder, form: Form
) -> None:
    whole, restored = RuleScorer(starter_book, form), RuleScorer(starter_book, form)
    play(whole, [(order(0, customer_id="comes back"), None)])
    first, since = whole.freeze().encode(), whole.taken()
    later: Stream = [
        (order(40 * DAY + n, customer_id="comes back" if n % 3 == 2 else f"c{n}"), True)
        for n in range(20)
    ]
    play(whole, later)
    restored.restore([[first], [whole.freeze(since).encode()]])

    assert restored.entities_held() <= whole.entities_held()
    assert restored.snapshot() == whole.snapshot()
    future: Stream = [
        (order(41 * DAY + n, customer_id=customer), None)
        for n, customer in enumerate(("comes back", "c1", "c2", "new"))
    ]
    assert play(restored, future) == play(whole, future)


def test_a_part_holds_only_what_came_since(starter_book: RuleBook, order: MakeOrder) -> None:
    scorer, fresh = RuleScorer(starter_book), RuleScorer(starter_book)
    past: Stream = [(order(n), True) for n in range(50)]
    play(scorer, past)
    since = scorer.taken()
    later: Stream = [(order(n), n % 2 == 0) for n in range(50, 60)]
    play(scorer, later)
    play(fresh, later)

    assert since == (50, 50)
    assert scorer.freeze(since).encode() == fresh.snapshot()
    assert len(list(scorer.freeze(scorer.taken()).chunks())) == 2


def test_what_was_dropped_meanwhile_is_in_no_part(starter_book: RuleBook, order: MakeOrder) -> None:
    for form in available_forms():
        scorer = RuleScorer(starter_book, form)
        play(scorer, [(order(n), None) for n in range(30)])
        since = scorer.taken()
        play(scorer, [(order(n), None) for n in range(30, 5_000)])
        play(scorer, [(order(90 * DAY + n), None) for n in range(5_000)])

        assert scorer.freeze(since).encode() == scorer.snapshot()


def test_a_frozen_state_is_that_of_its_moment(starter_book: RuleBook, order: MakeOrder) -> None:
    scorer = RuleScorer(starter_book)
    scorer.score(order())
    before, frozen = scorer.snapshot(), scorer.freeze()
    scorer.score(order(5))
    assert frozen.encode() == before
    assert scorer.snapshot() != before


def test_a_snapshot_of_something_else_is_refused(starter_book: RuleBook) -> None:
    other = msgspec.msgpack.encode(["scorer", 1, [], 0])
    for data in (b"", b"\x00", b"\0\0\0\1\xc0", len(other).to_bytes(4, "big") + other):
        with pytest.raises(RuleError, match="rebuild"):
            RuleScorer(starter_book).restore([[data]])


def test_a_snapshot_comes_in_chunks_and_may_be_put_back_in_any_pieces(
    starter_book: RuleBook, order: MakeOrder
) -> None:
    scorer = RuleScorer(starter_book)
    for minute in range(9_000):
        scorer.score(order(minute, customer_id=f"c{minute % 700}", device_id=f"d{minute % 900}"))
    chunks = list(scorer.freeze().chunks())
    whole = b"".join(chunks)
    assert len(chunks) > 4
    assert whole == scorer.snapshot()
    for pieces in (chunks, [whole[i : i + 1000] for i in range(0, len(whole), 1000)]):
        restored = RuleScorer(starter_book)
        restored.restore([pieces])
        assert restored.snapshot() == whole


def test_a_snapshot_with_a_part_missing_is_refused_and_the_state_stays(
    starter_book: RuleBook, order: MakeOrder
) -> None:
    scorer = RuleScorer(starter_book)
    for minute in range(9_000):
        scorer.score(order(minute))
    chunks = list(scorer.freeze().chunks())
    for pieces in (chunks[:-1], chunks[1:], chunks[:1] + chunks[2:], [*chunks[:-1], b"\0\0"]):
        with pytest.raises(RuleError, match="rebuild"):
            scorer.restore([pieces])
        assert scorer.snapshot() == b"".join(chunks)


def framed(document: object) -> bytes:
    encoded = msgspec.msgpack.encode(document)
    return len(encoded).to_bytes(4, "big") + encoded


@pytest.mark.parametrize("form", available_forms())
@pytest.mark.parametrize(
    ("column", "change"),
    [
        (0, (-1, b"")),
        (0, (-8, b"")),
        (3, (0, b"\xff" * 40)),
        (13, (0, b"")),
        (17, (10, b"\0")),
    ],
    ids=["part of a time", "one time less", "unknown customers", "no places", "a flag too many"],
)
def test_columns_that_do_not_belong_together_are_refused(
    starter_book: RuleBook, order: MakeOrder, form: Form, column: int, change: tuple[int, bytes]
) -> None:
    scorer = RuleScorer(starter_book, form)
    for minute in range(10):
        scorer.score(order(minute))
    heading, orders, ending = scorer.freeze().chunks()
    tag, of_labels, texts, columns = msgspec.msgpack.decode(orders[4:])
    kept, added = change
    columns[column] = columns[column][:kept] + added
    forged = framed([tag, of_labels, texts, columns])

    with pytest.raises(RuleError, match="rebuild"):
        RuleScorer(starter_book, form).restore([[heading, forged, ending]])


@pytest.mark.parametrize("form", available_forms())
def test_texts_in_any_script_come_back(
    starter_book: RuleBook, order: MakeOrder, form: Form
) -> None:
    names = ["a", "é", "čaj", "訂單", "🛒" * 100, "a" * 128]
    scorer = RuleScorer(starter_book, form)
    for minute, name in enumerate(names * 2):
        scorer.score(order(minute, customer_id=name, device_id=name[::-1], voucher_code=name))
    restored = RuleScorer(starter_book, form)
    restored.restore([[scorer.snapshot()]])

    assert restored.snapshot() == scorer.snapshot()
    later: Stream = [(order(60, customer_id=name, device_id=name), None) for name in names]
    assert play(restored, later) == play(scorer, later)
