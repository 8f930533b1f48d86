"""Scores: bounded, additive in evidence, and the same whatever the order of the rules."""

from datetime import date
from itertools import combinations
from math import prod

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fraud_stream.scoring.decision import FACTORS
from fraud_stream.scoring.rules.ruleset import Rule, Thresholds
from fraud_stream.scoring.rules.weighing import idle_rules, outcome, weigh

THRESHOLDS = Thresholds(0.4, 0.8)


def rule(number: int, weight: float) -> Rule:
    factor = FACTORS[number % len(FACTORS)]
    day = date(2026, 1, 1)
    return Rule(f"{factor}.r{number}", factor, "active", weight, "tests", day, "a sentence", "x")


WEIGHTS = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=30)


@given(WEIGHTS)
def test_contributions_sum_to_the_score_and_come_strongest_first(weights: list[float]) -> None:
    rules = [rule(i, w) for i, w in enumerate(weights)]
    verdict = weigh(rules, range(len(rules)), FACTORS, THRESHOLDS)
    parts = [part for _, part in verdict.contributions]
    assert sum(parts) == pytest.approx(verdict.score)
    assert parts == sorted(parts, reverse=True)


@given(WEIGHTS)
def test_score_and_factors_stay_within_bounds_and_never_fall(weights: list[float]) -> None:
    rules = [rule(i, w) for i, w in enumerate(weights)]
    before = 0.0
    for count in range(1, len(rules) + 1):
        verdict = weigh(rules, range(count), FACTORS, THRESHOLDS)
        assert before <= verdict.score <= 1
        assert all(f is None or 0 <= f <= 1 for f in verdict.factors.values())
        before = verdict.score


@given(WEIGHTS)
def test_the_score_is_that_of_its_factors(weights: list[float]) -> None:
    rules = [rule(i, w) for i, w in enumerate(weights)]
    verdict = weigh(rules, range(len(rules)), FACTORS, THRESHOLDS)
    left = 1.0
    for factor in verdict.factors.values():
        left *= 1 - (factor or 0)
    assert verdict.score == pytest.approx(1 - left)


@pytest.mark.parametrize("weight", [i / 100 for i in range(1, 100)])
def test_a_rule_alone_gives_its_weight_and_reaches_a_threshold_equal_to_it(weight: float) -> None:
    verdict = weigh([rule(0, weight)], [0], FACTORS[:1], Thresholds(weight, 0.999))
    assert verdict.score == pytest.approx(weight)
    assert verdict.outcome == "review"


def test_outcomes_begin_at_their_thresholds() -> None:
    assert outcome(0.399, THRESHOLDS) == "approve"
    assert outcome(0.4, THRESHOLDS) == "review"
    assert outcome(0.799, THRESHOLDS) == "review"
    assert outcome(0.8, THRESHOLDS) == "decline"


@given(st.lists(st.integers(1, 19), min_size=1, max_size=6), st.integers(2, 19))
@example([8, 18], 16)
@example([13, 15, 4], 16)
def test_no_rule_that_can_change_an_outcome_is_called_idle(
    weights: list[int], decline: int
) -> None:
    """In twentieths, so that weights and their sums often equal a threshold."""
    rules = [rule(i, w / 20) for i, w in enumerate(weights)]
    thresholds = Thresholds(0.4, decline / 20)
    for index in idle_rules(rules, thresholds):
        others = [other for number, other in enumerate(rules) if number != index]
        for count in range(len(others) + 1):
            for some in combinations(others, count):
                without = prod(1 - other.weight for other in some)
                with_it = without * (1 - rules[index].weight)
                assert outcome(1 - without, thresholds) == outcome(1 - with_it, thresholds)


def test_a_factor_without_an_evaluable_rule_is_neutral() -> None:
    rules = [rule(0, 0.3), rule(1, 0.3)]
    verdict = weigh(rules, [], [rules[0].factor], THRESHOLDS)
    assert verdict.factors[rules[0].factor] == 0.0
    assert verdict.factors[rules[1].factor] is None
