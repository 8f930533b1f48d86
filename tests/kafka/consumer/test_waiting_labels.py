"""A label waits for its order as long as some window could still hold it, and no longer."""

from datetime import UTC, datetime, timedelta

import pytest

from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.settings import REPOSITORY
from fraud_stream.consumer.learning import LearningScorer
from fraud_stream.consumer.rule_files import HORIZON
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import Form, available_forms

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = REPOSITORY / "kafka" / "rules"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return read_rule_book(
        (RULES / "starter.yml").read_text(),
        (RULES / "lists.yml").read_text(),
        rules_file="starter.yml",
        lists_file="lists.yml",
    )


def order(name: str, at: datetime) -> OrderEvent:
    return OrderEvent(
        schema_version=1,
        transaction_id=name,
        customer_id="c",
        merchant_id="m",
        event_time=at,
        amount=1.0,
        currency="EUR",
        payment_method="card",
    )


def label(name: str, at: datetime) -> LabelEvent:
    return LabelEvent(transaction_id=name, label="fraud", source="chargeback", labelled_at=at)


@pytest.fixture(params=available_forms())
def scorer(book: RuleBook, request: pytest.FixtureRequest) -> LearningScorer:
    """Labels of three orders wait: one from the beginning, one from later, one order has both."""
    form: Form = request.param
    scorer = LearningScorer(RuleScorer(book, form))
    second = timedelta(seconds=1)
    for name, at in (
        ("never", START),
        ("late", START + second),
        ("both", START),
        ("both", START + second),
    ):
        scorer.learn(label(name, at), None)
    return scorer


def test_labels_within_reach_of_the_newest_order_go_on_waiting(scorer: LearningScorer) -> None:
    scorer.absorb(order("newest", START + HORIZON))
    assert len(scorer.freeze().waiting) == 4
    assert scorer.waits_for() == ["never", "late", "both"]


def test_labels_beyond_every_window_are_dropped_with_the_next_snapshot(
    scorer: LearningScorer,
) -> None:
    scorer.absorb(order("newest", START + HORIZON + timedelta(microseconds=1)))
    later = [label(name, START + timedelta(seconds=1)) for name in ("late", "both")]
    assert scorer.freeze().waiting == later
    assert scorer.waits_for() == ["late", "both"]


def test_a_state_restored_from_its_parts_is_the_one_that_went_on(
    scorer: LearningScorer, book: RuleBook
) -> None:
    first, since = list(scorer.freeze().chunks()), scorer.taken()
    scorer.absorb(order("newest", START + HORIZON + timedelta(microseconds=1)))
    second = list(scorer.freeze(since).chunks())

    restored = LearningScorer(RuleScorer(book))
    restored.restore([first, second])
    for one in (scorer, restored):
        one.absorb(order("late", START + timedelta(hours=1)))
    assert restored.waits_for() == scorer.waits_for() == ["both"]
    assert list(restored.freeze().chunks()) == list(scorer.freeze().chunks())
