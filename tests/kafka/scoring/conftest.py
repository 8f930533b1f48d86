"""Hand-made orders, and small rule books to score them with."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from scorer_forms import form_or_skip

from fraud_core.events import OrderEvent
from fraud_core.settings import REPOSITORY
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.scorer import RuleScorer

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STARTER = REPOSITORY / "kafka" / "rules" / "starter.yml"

BASE = """
version: test-1
thresholds: {review: 0.4, decline: 0.8}
actions: {approve: send it, review: look at it, decline: refuse it}
money: {reference: EUR, rates: {EUR: 1, USD: 1.1, JPY: 165}}
parameters:
  high: {amount: 100, note: a lot}
  often: {value: 2, note: too often}
lists:
  bad_domains: [bad.example]
"""

RULE = """
  - id: {id}
    factor: {factor}
    state: {state}
    weight: {weight}
    owner: {owner}
    since: 2026-01-01
    sentence: {sentence}
    when: {when}
"""

MakeOrder = Callable[..., OrderEvent]
MakeRules = Callable[..., str]


@pytest.fixture(scope="session")
def order() -> MakeOrder:
    """`order(minutes, **fields)`: an order so many minutes after noon."""
    count = iter(range(1_000_000_000))

    def make(minutes: float = 0.0, **fields: Any) -> OrderEvent:
        at = fields.pop("event_time", NOON + timedelta(minutes=minutes))
        base: dict[str, Any] = {
            "schema_version": 1,
            "transaction_id": f"t{next(count)}",
            "customer_id": "c1",
            "merchant_id": "m1",
            "event_time": at,
            "amount": 20.0,
            "currency": "EUR",
            "payment_method": "card",
        }
        return msgspec.convert(base | fields, OrderEvent)

    return make


@pytest.fixture(scope="session")
def rules_text() -> MakeRules:
    """`rules_text(when, …)`: a rule set of active rules with these conditions.

    Two rules that no order of the tests meets keep the bands reachable.
    """

    def make(*conditions: str, **fields: Any) -> str:
        head = fields.pop("head", BASE)
        rules = ""
        for number, when in enumerate(conditions):
            values: dict[str, Any] = {
                "id": f"velocity.rule_{number}",
                "factor": "velocity",
                "state": "active",
                "weight": 0.5,
                "owner": "tests",
                "sentence": "something about the order",
                "when": when,
            }
            values |= fields
            texts = {name: json.dumps(values[name]) for name in ("sentence", "when")}
            rules += RULE.format(**(values | texts))
        for number in range(2):
            rules += RULE.format(
                id=f"amount.ballast_{number}",
                factor="amount",
                state="active",
                weight=0.6,
                owner="tests",
                sentence="an amount beyond all reason",
                when="amount > 1000 * high",
            )
        return f"{head}rules:{rules}"

    return make


@pytest.fixture(scope="session", params=["compiled", "python"])
def scorer(request: pytest.FixtureRequest, rules_text: MakeRules) -> Callable[..., RuleScorer]:
    """`scorer(when, …)`: scores by a rule set of these conditions; in one form, then the other."""
    form = form_or_skip(request.param)

    def make(*conditions: str, lists: str | None = None, **fields: Any) -> RuleScorer:
        return RuleScorer(read_rule_book(rules_text(*conditions, **fields), lists), form)

    return make


@pytest.fixture(scope="session")
def starter_text() -> str:
    """The text of the starter rule set."""
    return Path(STARTER).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def starter_book(starter_text: str) -> RuleBook:
    """The starter rule set."""
    return read_rule_book(starter_text)
