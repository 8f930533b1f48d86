"""What scoring says of an order, and what the consumer may ask of a scorer."""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from fraud_core.events import OrderEvent

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


class Reason(msgspec.Struct, frozen=True):
    """One rule that fired: its sentence is for people, its values are what made it fire."""

    rule: str
    factor: Factor
    weight: float
    sentence: str
    values: Mapping[str, Value]


class Decision(msgspec.Struct, frozen=True):
    """Outcome of one order; `score` and each factor lie in [0, 1], reasons come strongest first.

    A factor is None when none of its inputs were there to judge by.
    """

    outcome: Outcome
    score: float
    factors: Mapping[Factor, float | None]
    reasons: tuple[Reason, ...]
    features: Mapping[str, Value]


class Scorer(Protocol):
    """Holds the state that orders leave behind; deterministic in the order of its calls."""

    @property
    def rule_set_version(self) -> str:
        """Stored with each decision."""
        ...

    def score(self, event: OrderEvent) -> Decision:
        """Decide on what was known before `event`, then take `event` into the state."""
        ...

    def absorb(self, event: OrderEvent) -> None:
        """Take a landed order into the state without deciding, to rebuild it after a restart."""
        ...
