"""The contract of an alert about a flagged order, version 1: JSON in UTF-8, keyed by `customer_id`.

It holds the decision and what led to it. Of the person behind the order it has `customer_id`, which
is the key that keeps alerts in order, and the values of the features that fired: counts, ages,
distances, amounts, countries. Names, contacts, addresses, cards and devices stay in the ledger,
where `transaction_id` finds them. `kafka/schemas/` holds the same contract as JSON Schema.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fraud_core.events import Id, Instant

ALERT_SCHEMA_VERSION = 1

EVENT_ID = "event_id"
"""The header that names a message for good: `topic/partition/offset` of the message it is about.

A message may arrive more than once, each time with the id that it had; whoever has seen the id
drops the repetition.
"""

REPLAY_OF = "replay_of"
"""The header of a message sent again by hand: `topic/partition/offset` of the dead letter."""

Fraction = Annotated[float, Meta(ge=0, le=1)]


class AlertReason(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that fired; the contributions of all reasons sum to the score."""

    rule: str
    factor: str
    weight: float
    sentence: str
    values: dict[str, str | int | float | bool | None]
    contribution: float


class AlertListHit(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the lists that the order met, without the value, which may be an address."""

    list: Literal["allow", "watch", "block"]
    kind: str
    reason: str
    absolute: bool = False


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One flagged order: what was decided, when, by which rules and why.

    `ingest_id` and `transaction_id` are its place in the ledger. Factors are None where no input
    was there to judge by; reasons come strongest first.
    """

    schema_version: int = ALERT_SCHEMA_VERSION
    event_id: str
    ingest_id: int
    transaction_id: Id
    customer_id: Id
    event_time: Instant
    decided_at: Instant
    outcome: Literal["review", "decline"]
    score: Fraction
    recommended_action: str
    rule_set_version: str
    lists_version: str
    factors: dict[str, Fraction | None]
    reasons: tuple[AlertReason, ...]
    lists: tuple[AlertListHit, ...]
