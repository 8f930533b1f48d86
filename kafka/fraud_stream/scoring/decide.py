"""From what the program found in an order to the decision: weights, lists, snoozes, words."""

from typing import Any

import msgspec

from fraud_stream.scoring.decision import FACTORS, Decision, Factor, Outcome, Reason
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.features.record import ORDER_COLUMN
from fraud_stream.scoring.order.facts import FACTS
from fraud_stream.scoring.order.memo import Memo
from fraud_stream.scoring.program import Hits, Scored
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.rules.compile import reason_values
from fraud_stream.scoring.rules.language import Symbol
from fraud_stream.scoring.rules.lists import in_force, overruled, snoozed
from fraud_stream.scoring.rules.sentences import renderer
from fraud_stream.scoring.rules.weighing import Verdict, weigh

Told = tuple[int, tuple[Any, ...], str, float]
"""A rule that fired, by number, with its values, the currency, and its part of the score."""

_REPEATING = frozenset({"flag", "text"})
_WHOLE = frozenset({"count", "count_if", "distinct"})
"""Kinds and measures whose values come again and again, and look the same when they are equal."""

_TOLD = 10_000
"""Reasons that are remembered, about a kilobyte each."""

_KEYS = ("customer", "device", "card", "ip", "email", "address", "shop")
_CURRENCY = ORDER_COLUMN["currency"]


class Decider:
    """Assembles decisions by one rule book; remembers what the set of fired rules decides."""

    def __init__(self, book: RuleBook) -> None:
        self._book = book
        self._rules = [checked.rule for checked in book.evaluated]
        self._active = len(book.active)
        names = book.rules.symbols
        self._inputs = [tuple(reason_values(c, names)) for c in book.evaluated]
        self._render = [
            renderer(checked.rule.sentence, names, inputs)
            for checked, inputs in zip(book.evaluated, self._inputs, strict=True)
        ]
        self._repeats = [all(_repeats(names[n]) for n in inputs) for inputs in self._inputs]
        self._told: Memo[Told, Reason] = Memo(lambda told: self._new_reason(*told), _TOLD)
        self._heard: Memo[int, tuple[Factor, ...]] = Memo(self._factors_heard)
        self._verdicts: Memo[tuple[int, tuple[Factor, ...]], Verdict] = Memo(self._weigh)
        self._missing: Memo[int, tuple[str, ...]] = Memo(self._names_of)
        self._actions = book.rules.content.actions
        self._snoozes = book.lists.snoozes
        self._lists_version = book.lists.version
        self._quiet: Memo[int, Decision] = Memo(self._nothing_fired)

    def decide(self, scored: Scored) -> Decision:
        """The decision on one order."""
        record, hits, missing, listed, features = scored
        if hits or listed:
            return self._something_fired(record, hits, missing, listed, features)
        quiet = self._quiet[missing]
        return Decision(
            "approve",
            0.0,
            quiet.factors,
            (),
            features,
            quiet.recommended_action,
            quiet.not_evaluable,
            (),
            (),
            (),
            self._lists_version,
        )

    def _something_fired(
        self,
        record: tuple[Any, ...],
        hits: Hits,
        missing: int,
        listed: tuple[Any, ...],
        features: msgspec.Struct,
    ) -> Decision:
        counting, silenced = self._split(record, hits) if self._snoozes else (hits, [])
        fired = 0
        values: dict[int, tuple[Any, ...]] = {}
        shadow: list[Reason] = []
        currency = record[_CURRENCY]
        for number, given in sorted(counting):  # as the rule set has them, and no other order
            if number < self._active:
                fired |= 1 << number
                values[number] = given
            else:
                shadow.append(self._reason(number, given, currency, 0.0))
        verdict = self._verdicts[fired, self._heard[missing]]
        entries = in_force(listed, record[0]) if listed else ()
        outcome = overruled(verdict.outcome, entries) if entries else verdict.outcome
        return Decision(
            outcome,
            verdict.score,
            verdict.factors,
            tuple(
                [self._reason(n, values[n], currency, part) for n, part in verdict.contributions]
            ),
            features,
            self._action(outcome, verdict),
            self._missing[missing],
            tuple(shadow),
            tuple([self._reason(n, given, currency, 0.0) for n, given in sorted(silenced)]),
            tuple(entries),
            self._lists_version,
        )

    def _reason(
        self, number: int, given: tuple[Any, ...], currency: str, contribution: float
    ) -> Reason:
        if self._repeats[number]:
            return self._told[number, given, currency, contribution]
        return self._new_reason(number, given, currency, contribution)

    def _new_reason(
        self, number: int, given: tuple[Any, ...], currency: str, contribution: float
    ) -> Reason:
        rule = self._rules[number]
        values = dict(zip(self._inputs[number], given, strict=True))
        sentence = self._render[number](given, currency)
        return Reason(rule.id, rule.factor, rule.weight, sentence, values, contribution)

    def _split(self, record: tuple[Any, ...], hits: Hits) -> tuple[Hits, Hits]:
        """Hits that count, and those that a snooze silences."""
        keys: dict[str, Any] = {kind: record[ORDER_COLUMN[kind]] for kind in _KEYS}
        email = keys["email"]
        keys["domain"] = email.partition("@")[2] if email else None
        counting: Hits = []
        silenced: Hits = []
        for hit in hits:
            snoozes = self._snoozes.get(self._rules[hit[0]].id)
            held = snoozes is not None and snoozed(snoozes, keys, record[0])
            (silenced if held else counting).append(hit)
        return counting, silenced

    def _factors_heard(self, missing: int) -> tuple[Factor, ...]:
        """Those with an active rule whose inputs are there."""
        heard = {self._rules[n].factor for n in range(self._active) if not missing >> n & 1}
        return tuple(factor for factor in FACTORS if factor in heard)

    def _weigh(self, judged: tuple[int, tuple[Factor, ...]]) -> Verdict:
        mask, heard = judged
        fired = [n for n in range(self._active) if mask >> n & 1]
        return weigh(self._rules, fired, heard, self._book.rules.content.thresholds)

    def _nothing_fired(self, missing: int) -> Decision:
        verdict = self._verdicts[0, self._heard[missing]]
        names = self._missing[missing]
        action = self._actions.get("approve", "")
        return Decision("approve", 0.0, verdict.factors, (), {}, action, names)

    def _names_of(self, missing: int) -> tuple[str, ...]:
        return tuple(rule.id for n, rule in enumerate(self._rules) if missing >> n & 1)

    def _action(self, outcome: Outcome, verdict: Verdict) -> str:
        """The strongest rule's own advice when the score decided, else that of the outcome."""
        if outcome == verdict.outcome and outcome != "approve":
            for number, _ in verdict.contributions:
                action = self._rules[number].action
                if action is not None and outcome == "review":
                    return action
        return self._actions.get(outcome, "")


def _repeats(symbol: Symbol) -> bool:
    fact, feature = FACTS.get(symbol.name), CATALOGUE.get(symbol.name)
    return (
        symbol.constant
        or symbol.kind in _REPEATING
        or (fact is not None and fact.kind == "count")
        or (feature is not None and feature.measure in _WHOLE)
    )
