"""A rule set as its authors write it: versioned data, each rule with an owner and a date."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from fraud_stream.scoring.decision import Factor, Outcome

State = Literal["draft", "shadow", "active", "paused", "archived"]
NAME = "^[a-z][a-z0-9_]*$"
RULE_ID = "^[a-z]+[.][a-z0-9_]+$"
Identifier = Annotated[str, Meta(pattern=NAME, max_length=80)]
Share = Annotated[float, Meta(gt=0, lt=1)]


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scores from which an order is reviewed and declined."""

    review: Share
    decline: Share


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Units of each currency that one unit of `reference` buys, to convert limits with."""

    reference: str
    rates: dict[str, float]


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number, or an amount in the reference currency that is converted to every other.

    `override` sets the amount of a currency by hand, where a round local number is wanted.
    """

    note: str
    value: float | None = None
    amount: float | None = None
    override: dict[str, float] = {}


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule; `sentence` holds {placeholders} for the values that it names.

    Alone, it gives an order a score of `weight`; with others, scores add up like chances: what is
    left of good faith is multiplied by (1 - weight) for each.
    """

    id: Annotated[str, Meta(pattern=RULE_ID, max_length=80)]
    factor: Factor
    state: State
    weight: Share
    owner: str
    since: date
    sentence: Annotated[str, Meta(min_length=10, max_length=400)]
    when: str
    action: str | None = None


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an example must come to; rules that must and must not fire."""

    outcome: Outcome
    fires: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    not_evaluable: tuple[str, ...] = ()


class When(msgspec.Struct, frozen=True):
    """When an entry of an example's history comes before the order, how often in all and how far
    apart, and what was learned of it."""

    minutes_before: float
    times: Annotated[float, Meta(ge=1)] = 1
    every_minutes: float = 0
    label: Literal["fraud", "legitimate"] | None = None


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order, what came before it, and what the rules must say of it.

    `history` and `order` hold the fields of events; what they leave out comes from the rule set's
    `example_base`. What an entry of the history says besides is in When.
    """

    name: str
    order: dict[str, Any]
    expect: Expectation
    history: tuple[dict[str, Any], ...] = ()


class RuleSetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: Annotated[str, Meta(min_length=1, max_length=60)]
    thresholds: Thresholds
    money: Money
    actions: dict[Outcome, str]
    rules: tuple[Rule, ...]
    parameters: dict[Identifier, Parameter] = {}
    lists: dict[Identifier, tuple[str, ...]] = {}
    example_base: dict[str, Any] = {}
    examples: tuple[Example, ...] = ()


def evaluated(rule: Rule) -> bool:
    """Whether the rule is looked at for each order, counting or not."""
    return rule.state in ("active", "shadow")
