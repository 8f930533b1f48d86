"""From the rules that fired to factor scores, one score, and an outcome.

A rule's weight is the score that it gives alone. Together, what is left of good faith is the
product of (1 - weight): within a factor, and over all factors, so that the order of rules and the
factor that a rule is filed under change nothing, no score passes 1, and each rule's share of the
score is its share of -log(1 - weight), the evidence, which simply adds up.
"""

from collections.abc import Mapping, Sequence
from math import log1p

import msgspec

from fraud_stream.scoring.decision import FACTORS, Factor, Outcome
from fraud_stream.scoring.rules.ruleset import Rule, Thresholds


class Verdict(msgspec.Struct, frozen=True):
    """What a set of fired rules comes to; `contributions` by rule index, strongest first."""

    outcome: Outcome
    score: float
    factors: Mapping[Factor, float | None]
    contributions: tuple[tuple[int, float], ...]


def weigh(
    rules: Sequence[Rule], fired: Sequence[int], heard: Sequence[Factor], thresholds: Thresholds
) -> Verdict:
    """Weigh the `fired` of active rules; `heard` are the factors of which a rule had its inputs.

    Any other factor is None: it neither speaks for nor against the order.
    """
    doubt = dict.fromkeys(heard, 1.0)
    left = 1.0
    for index in fired:
        rule = rules[index]
        doubt[rule.factor] *= 1 - rule.weight
        left *= 1 - rule.weight
    score = 1 - left
    total = sum(evidence(rules[index].weight) for index in fired)
    shares = [(index, score * evidence(rules[index].weight) / total) for index in fired]
    return Verdict(
        outcome=outcome(score, thresholds),
        score=score,
        factors={f: 1 - doubt[f] if f in doubt else None for f in FACTORS},
        contributions=tuple(sorted(shares, key=lambda share: (-share[1], share[0]))),
    )


def outcome(score: float, thresholds: Thresholds) -> Outcome:
    """The band that a score falls into; a score equal to a threshold has reached it."""
    # A weight that equals a threshold must reach it alone, whatever 1 - (1 - w) rounds to.
    score += 1e-12
    if score >= thresholds.decline:
        return "decline"
    return "review" if score >= thresholds.review else "approve"


def evidence(weight: float) -> float:
    """What a rule adds up with others: -log(1 - weight)."""
    return -log1p(-weight)


def idle_rules(rules: Sequence[Rule], thresholds: Thresholds) -> list[int]:
    """Rules that cannot change the outcome of any order, whatever else fires with them.

    Any set of the other active rules is taken to be possible. Decided by all sums of evidence that
    the others can reach, kept as the bits of one whole number, in steps of `_STEP`. A rule by which
    a sum comes as near to a limit as rounding can tell is not called idle.
    """
    points = [_points(rule.weight) for rule in rules]
    limits = [_points(t) for t in (thresholds.review, thresholds.decline)]
    unsure = _unsure(rules)
    most = (1 << (max(limits) + unsure + 1)) - 1
    idle: list[int] = []
    for index, own in enumerate(points):
        reachable = 1
        for other, value in enumerate(points):
            if other != index:
                reachable = (reachable | reachable << value) & most
        if not any(
            _bits_between(reachable, limit - own - unsure, limit - 1 + unsure) for limit in limits
        ):
            idle.append(index)
    return idle


def unreachable_bands(rules: Sequence[Rule], thresholds: Thresholds) -> list[str]:
    """Outcomes that no set of active rules can reach."""
    if thresholds.review >= thresholds.decline:
        return ["review"]
    most = 1.0
    for rule in rules:
        most *= 1 - rule.weight
    highest = 1 - most + 1e-12
    missing = [name for name in ("review", "decline") if highest < getattr(thresholds, name)]
    if "review" not in missing and not _some_sum_in_review(rules, thresholds):
        missing.append("review")
    return missing


def _some_sum_in_review(rules: Sequence[Rule], thresholds: Thresholds) -> bool:
    unsure = _unsure(rules)
    low, high = _points(thresholds.review) - unsure, _points(thresholds.decline) - 1 + unsure
    reachable = 1
    for rule in rules:
        reachable = (reachable | reachable << _points(rule.weight)) & ((1 << (high + 1)) - 1)
    return _bits_between(reachable, low, high)


_STEP = 1e-5
"""Of evidence: 76 rules take 27 ms, and a tenth of it would take them twenty times that."""


def _points(share: float) -> int:
    return max(1, round(evidence(share) / _STEP))


def _unsure(rules: Sequence[Rule]) -> int:
    """By how many points a sum may be off: half a point for each of its rules, and the limit's."""
    return len(rules) // 2 + 1


def _bits_between(bits: int, low: int, high: int) -> bool:
    low = max(0, low)
    return high >= low and bool(bits >> low & ((1 << (high - low + 1)) - 1))
