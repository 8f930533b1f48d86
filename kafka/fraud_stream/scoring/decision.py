"""What scoring says of an order."""

from collections.abc import Mapping
from typing import Literal

import msgspec

Outcome = Literal["approve", "review", "decline"]
Factor = Literal["velocity", "geographic", "behavioural", "profile", "amount", "temporal"]
FACTORS: tuple[Factor, ...] = (
    "velocity",
    "geographic",
    "behavioural",
    "profile",
    "amount",
    "temporal",
)
Value = str | int | float | bool | None
"""A feature's value as stored with the decision; None means the input was missing."""


class Reason(msgspec.Struct, frozen=True, gc=False):
    """One rule that fired: its sentence is for people, its values are what made it fire.

    `contribution` is its part of the order's score; those of all reasons sum to it. A rule in
    shadow contributes 0.
    """

    rule: str
    factor: Factor
    weight: float
    sentence: str
    values: Mapping[str, Value]
    contribution: float = 0.0


class ListHit(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An entry of the allow, watch and block lists that the order met."""

    list: Literal["allow", "watch", "block"]
    kind: str
    value: str
    reason: str
    absolute: bool = False


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Outcome of one order; `score` and each factor lie in [0, 1], reasons come strongest first.

    A factor is None when none of its inputs were there to judge by. `not_evaluable` names the
    rules whose inputs were missing; `shadow` and `snoozed` hold rules that fired without counting;
    `lists` the list entries met, which overrule the score in the order absolute block, allow,
    block. `lists_version` says which lists were in force. `features` may be a struct that leaves
    out of its JSON what is at rest (see the catalogue); `values_of` reads both forms.
    """

    outcome: Outcome
    score: float
    factors: Mapping[Factor, float | None]
    reasons: tuple[Reason, ...]
    features: Mapping[str, Value] | msgspec.Struct
    recommended_action: str = ""
    not_evaluable: tuple[str, ...] = ()
    shadow: tuple[Reason, ...] = ()
    snoozed: tuple[Reason, ...] = ()
    lists: tuple[ListHit, ...] = ()
    lists_version: str = ""


def values_of(features: Mapping[str, Value] | msgspec.Struct) -> Mapping[str, Value]:
    """The feature snapshot of a decision, whole, by name."""
    return msgspec.structs.asdict(features) if isinstance(features, msgspec.Struct) else features
