"""The starter rule set: complete, clean, and as its own examples say."""

from collections import Counter

import pytest

from fraud_core.settings import REPOSITORY
from fraud_stream.scoring.decision import FACTORS
from fraud_stream.scoring.document import features_markdown
from fraud_stream.scoring.examples import ExampleResult, run_examples
from fraud_stream.scoring.features.catalogue import CATALOGUE, RETENTION
from fraud_stream.scoring.features.windows import LENGTH
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.rules.lists import read_lists
from fraud_stream.scoring.rules.weighing import outcome


def test_starter_rules_are_many_and_cover_the_six_factors(starter_book: RuleBook) -> None:
    factors = Counter(checked.rule.factor for checked in starter_book.active)
    assert factors.total() >= 35
    assert set(factors) == set(FACTORS)


def test_starter_rules_have_no_finding(starter_book: RuleBook) -> None:
    assert starter_book.warnings == ()


def test_no_single_starter_rule_declines_an_order(starter_book: RuleBook) -> None:
    thresholds = starter_book.rules.content.thresholds
    for checked in starter_book.active:
        assert outcome(checked.rule.weight, thresholds) != "decline", checked.rule.id


def test_examples_come_out_as_expected(starter_book: RuleBook) -> None:
    results = run_examples(starter_book)
    assert results
    assert [r for r in results if r.differences] == []


def test_an_example_that_differs_says_how(starter_text: str) -> None:
    text = starter_text.replace("expect: {outcome: approve}", "expect: {outcome: decline}", 1)
    differing: list[ExampleResult] = [
        r for r in run_examples(read_rule_book(text)) if r.differences
    ]
    assert differing[0].differences == ("expected decline, got approve at 0.000",)


def test_committed_lists_can_be_read(starter_book: RuleBook) -> None:
    text = (REPOSITORY / "kafka" / "rules" / "lists.yml").read_text(encoding="utf-8")
    assert read_lists(text, "lists.yml", [c.rule.id for c in starter_book.rules.rules])


def test_committed_page_of_features_is_that_of_the_catalogue() -> None:
    page = (REPOSITORY / "docs" / "features.md").read_text(encoding="utf-8")
    assert page == features_markdown(), "run `fraud rules features --write` and commit the result"


@pytest.mark.parametrize("name", CATALOGUE)
def test_feature_is_described_and_its_window_fits_what_is_kept(name: str) -> None:
    feature = CATALOGUE[name]
    assert name.isidentifier()
    assert feature.sentence.endswith(".")
    assert LENGTH[feature.window] < RETENTION[feature.entity]
