"""State: no look-ahead, equal bytes after a restore, bounded, and kept across rule sets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraud_core.errors import RuleError
from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.scoring.decision import values_of
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import Form, available_forms

MakeOrder = Callable[..., OrderEvent]
DAY = 24 * 60

STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 4, 5, 59, 60, 61, DAY, 7 * DAY, -1, -30, -2 * DAY]),
        st.sampled_from("ab"),
        st.sampled_from("xy"),
        st.sampled_from(["approved", "declined"]),
        st.integers(1, 2000),
        st.sampled_from([None, True, False]),
    ),
    max_size=30,
)
Steps = list[tuple[int, str, str, str, int, bool | None]]
Stream = list[tuple[OrderEvent, bool | None]]


def stream(order: MakeOrder, steps: Steps) -> Stream:
    now, made = 0, []
    for minutes, customer, device, status, amount, fraud in steps:
        now += minutes
        fields: dict[str, Any] = {
            "customer_id": customer,
            "device_id": device,
            "card_fingerprint": f"k{customer}",
            "ip_address": f"10.0.0.{len(device)}",
            "transaction_status": status,
            "amount": float(amount),
        }
        made.append((order(now, **fields), fraud))
    return made


def label(event: OrderEvent, *, fraud: bool, source: str = "chargeback") -> LabelEvent:
    return msgspec.convert(
        {
            "transaction_id": event.transaction_id,
            "label": "fraud" if fraud else "legitimate",
            "source": source,
            "labelled_at": event.event_time + timedelta(minutes=3),
        },
        LabelEvent,
    )


def play(scorer: RuleScorer, orders: Stream) -> list[bytes]:
    """Encoded decisions, labels absorbed right after their orders."""
    decisions: list[bytes] = []
    for event, fraud in orders:
        decisions.append(msgspec.json.encode(scorer.score(event)))
        if fraud is not None:
            scorer.absorb_label(label(event, fraud=fraud), event)
    return decisions


@settings(max_examples=20, deadline=None)
@given(before=STEPS, after=STEPS, other=STEPS)
def test_no_decision_changes_when_everything_after_it_does(
    starter_book: RuleBook, order: MakeOrder, before: Steps, after: Steps, other: Steps
) -> None:
    past = stream(order, before)
    one, two = RuleScorer(starter_book), RuleScorer(starter_book)
    kept = len(past)
    first = play(one, past + stream(order, after))[:kept]
    changed = [(event, None if fraud is None else not fraud) for event, fraud in past[-1:]]
    second = play(two, past[:-1] + changed + stream(order, other))[:kept]
    assert first == second


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


@settings(max_examples=20, deadline=None)
@given(before=STEPS, after=STEPS)
def test_a_state_rebuilt_from_landed_orders_is_the_same_to_the_byte(
    starter_book: RuleBook, order: MakeOrder, before: Steps, after: Steps
) -> None:
    past, future = stream(order, before), stream(order, after)
    scored, rebuilt = RuleScorer(starter_book), RuleScorer(starter_book)
    play(scored, past)
    for event, fraud in past:
        rebuilt.absorb(event)
        if fraud is not None:
            rebuilt.absorb_label(label(event, fraud=fraud), event)
    assert rebuilt.snapshot() == scored.snapshot()
    assert play(rebuilt, future) == play(scored, future)


@settings(max_examples=15, deadline=None)
@given(before=STEPS, after=STEPS)
def test_a_rule_set_adopted_on_the_way_decides_as_if_it_had_always_been_there(
    starter_book: RuleBook,
    rules_text: Callable[..., str],
    order: MakeOrder,
    before: Steps,
    after: Steps,
) -> None:
    small = read_rule_book(rules_text("customer_orders_1h > 1 and ip_orders_1h > 1"))
    past, future = stream(order, before), stream(order, after)
    always, switched = RuleScorer(starter_book), RuleScorer(small)
    play(always, past)
    play(switched, past)
    switched.adopt(starter_book)
    assert switched.snapshot() == always.snapshot()
    assert play(switched, future) == play(always, future)


def test_a_frozen_state_is_that_of_its_moment(starter_book: RuleBook, order: MakeOrder) -> None:
    scorer = RuleScorer(starter_book)
    scorer.score(order())
    before, frozen = scorer.snapshot(), scorer.freeze()
    scorer.score(order(5))
    assert frozen.encode() == before
    assert scorer.snapshot() != before


def test_a_broken_rule_set_leaves_the_old_one_in_force(
    starter_book: RuleBook, order: MakeOrder
) -> None:
    scorer = RuleScorer(starter_book)
    with pytest.raises(RuleError):
        scorer.adopt(read_rule_book("version: broken"))
    assert scorer.rule_set_version == starter_book.version
    assert scorer.score(order()).outcome == "approve"


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


def test_the_simulations_own_truth_is_not_learned(starter_book: RuleBook, order: MakeOrder) -> None:
    scorer = RuleScorer(starter_book)
    event = order(card_fingerprint="k")
    scorer.score(event)
    before = scorer.snapshot()
    scorer.absorb_label(label(event, fraud=True, source="injected"), event)
    assert scorer.snapshot() == before


def test_what_no_window_can_reach_is_forgotten(starter_book: RuleBook, order: MakeOrder) -> None:
    """Ten months of strangers leave no more behind than two of them."""
    scorer = RuleScorer(starter_book)
    sizes: list[int] = []
    entities: list[int] = []
    for day in range(300):
        for turn in range(3):
            stranger = f"{day}-{turn}"
            scorer.score(order(day * DAY + turn, customer_id=stranger, device_id=stranger))
        if day in (60, 299):
            sizes.append(len(scorer.snapshot()))
            entities.append(scorer.entities_held())
    assert sizes[1] <= sizes[0] * 1.1
    assert entities[1] <= entities[0] * 1.1


def test_a_busy_entity_keeps_no_more_than_its_retention(
    starter_book: RuleBook, order: MakeOrder
) -> None:
    scorer = RuleScorer(starter_book)
    for hour in range(24 * 120):
        scorer.score(order(hour * 60))
    assert scorer.longest_history() <= 2 * 24 * 31 + 64


def test_a_busy_entity_can_come_back_after_any_pause(
    starter_book: RuleBook, order: MakeOrder
) -> None:
    for pause in (1, 3, 9, 32, 90):
        scorer = RuleScorer(starter_book)
        for minute in range(700):
            scorer.score(order(minute))
        features = values_of(scorer.score(order(700 + pause * DAY)).features)
        assert features["shop_orders_1h"] == 0
        assert features["customer_orders_30d"] == (700 if pause < 30 else 0)
