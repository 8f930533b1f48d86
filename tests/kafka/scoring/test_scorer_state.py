"""State: no look-ahead, equal bytes when rebuilt, bounded, and kept across rule sets."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from scorer_steps import DAY, STEPS, MakeOrder, Steps, label, play, stream

from fraud_core.errors import RuleError
from fraud_stream.scoring.decision import values_of
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.scorer import RuleScorer


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


def test_a_broken_rule_set_leaves_the_old_one_in_force(
    starter_book: RuleBook, order: MakeOrder
) -> None:
    scorer = RuleScorer(starter_book)
    with pytest.raises(RuleError):
        scorer.adopt(read_rule_book("version: broken"))
    assert scorer.rule_set_version == starter_book.version
    assert scorer.score(order()).outcome == "approve"


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
