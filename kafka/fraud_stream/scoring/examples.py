"""Runs the example orders that a rule set carries, so that a change of rules is tried before use.

An example's orders are events with what they leave out taken from `example_base`. An entry of its
history also says when it was, and may repeat itself; its label is known a minute later.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.scoring.decision import Decision
from fraud_stream.scoring.rules.book import RuleBook
from fraud_stream.scoring.rules.ruleset import Example, When
from fraud_stream.scoring.scorer import RuleScorer

MOST_TIMES = 100_000
"""An entry of a history repeats itself no more often, so that a slip does not take for ever."""


class ExampleResult(msgspec.Struct, frozen=True):
    """What an example came to; `differences` is empty when it is as expected.

    There is no `outcome` when its orders are none.
    """

    name: str
    differences: tuple[str, ...]
    outcome: str = ""
    score: float = 0.0
    reasons: tuple[str, ...] = ()


def run_examples(book: RuleBook) -> list[ExampleResult]:
    """Each example on a scorer of its own."""
    content = book.rules.content
    return [_run(book, content.example_base, example) for example in content.examples]


def _run(book: RuleBook, base: Mapping[str, Any], example: Example) -> ExampleResult:
    scorer = RuleScorer(book)
    try:
        order = _order({"transaction_id": "order", **base, **example.order})
        for event, label in _history(order, base, example):
            scorer.absorb(event)
            if label is not None:
                scorer.absorb_label(_label(event, label), event)
        decision = scorer.score(order)
    except ValueError as error:  # of which msgspec's is one
        return ExampleResult(example.name, (f"not an order: {error}",))
    except OverflowError:
        return ExampleResult(
            example.name, ("not an order: amount is too large: give a smaller one",)
        )
    return ExampleResult(
        example.name,
        tuple(_differences(book, example, decision)),
        decision.outcome,
        decision.score,
        tuple(reason.rule for reason in decision.reasons),
    )


def _history(
    order: OrderEvent, base: Mapping[str, Any], example: Example
) -> Iterator[tuple[OrderEvent, str | None]]:
    number = 0
    for entry in example.history:
        fields = {key: value for key, value in entry.items() if key not in When.__struct_fields__}
        when = msgspec.convert(entry, When, strict=False)
        first = _later(order.event_time, -when.minutes_before, "minutes_before")
        if when.times > MOST_TIMES or when.times % 1:
            raise ValueError(f"times is {when.times:g}: say a whole number, {MOST_TIMES:,} at most")
        for turn in range(int(when.times)):
            at = _later(first, turn * when.every_minutes, "every_minutes")
            number += 1
            own = {"transaction_id": f"history {number}", "event_time": at}
            yield _order({**base, **fields, **own}), when.label


def _order(fields: Mapping[str, Any]) -> OrderEvent:
    """Raises ValueError, naming the field, for what is none."""
    order = msgspec.convert(fields, OrderEvent, strict=False)
    if order.currency not in MINOR_UNIT_DIGITS:
        raise ValueError(f"currency: {order.currency} is no ISO 4217 code with money")
    return order


def _later(moment: datetime, minutes: float, field: str) -> datetime:
    try:
        return moment + timedelta(minutes=minutes)
    except (OverflowError, ValueError) as error:
        raise ValueError(
            f"{field} leads from {moment.isoformat()} out of the years 1 to 9999: give less, or "
            "another event_time"
        ) from error


def _label(event: OrderEvent, label: str) -> LabelEvent:
    return msgspec.convert(
        {
            "transaction_id": event.transaction_id,
            "label": label,
            "source": "manual_review",
            "labelled_at": _later(event.event_time, 1, "label"),
        },
        LabelEvent,
    )


def _differences(book: RuleBook, example: Example, decision: Decision) -> Iterator[str]:
    """A hit in shadow is one: a rule's examples stay true when it is made to count."""
    expected = example.expect
    fired = {reason.rule for reason in (*decision.reasons, *decision.shadow)}
    if decision.outcome != expected.outcome:
        yield f"expected {expected.outcome}, got {decision.outcome} at {decision.score:.3f}"
    for rule in expected.fires:
        if rule not in fired:
            yield f"{rule} should fire and did not{_why(book, rule, decision)}"
    for rule in expected.silent:
        if rule in fired:
            yield f"{rule} should be silent and fired"
    for rule in expected.not_evaluable:
        if rule not in decision.not_evaluable:
            yield f"{rule} should not be evaluable"


def _why(book: RuleBook, rule: str, decision: Decision) -> str:
    """Why a rule did not fire, where it is not for its condition."""
    if rule in decision.not_evaluable:
        return ", for want of an input"
    state = next(checked.rule.state for checked in book.rules.rules if checked.rule.id == rule)
    return "" if state in ("active", "shadow") else f", because it is {state}"
