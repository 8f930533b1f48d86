"""What scoring stored with decisions is what SQL makes of the raw orders, for every feature."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from erasure_support import Platform
from warehouse_orders import AS_DECIDED, AS_SENT, START, Order, random_labels, random_orders

from fraud_core.events import LabelEvent, OrderEvent
from fraud_core.settings import Settings
from fraud_local.dbt import BuildResult, run_tests
from fraud_local.parity_sql import PARITY_TEST
from fraud_stream.consumer.learning import Verdict
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream as Marketplace
from fraud_stream.scoring.features.catalogue import CATALOGUE
from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.scorer import RuleScorer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

RULES = """
version: of-everything-1
thresholds: {review: 0.4, decline: 0.8}
actions: {approve: send it, review: look at it, decline: refuse it}
money: {reference: EUR, rates: {EUR: 1, USD: 1.1, JPY: 165, XCD: 3}}
parameters: {high: {amount: 100, note: a lot}}
rules:
"""
RULE = """
  - {{id: amount.rule_{number}, factor: amount, state: {state}, weight: 0.6, owner: tests,
     since: 2026-01-01, sentence: "something about the order", when: "{when}"}}
"""


def _scorer() -> RuleScorer:
    """Asks for every feature of the catalogue, so that each is stored."""
    everything = [("shadow", f"{name} == {name} and amount != 0") for name in CATALOGUE]
    reachable = [("active", "amount > 1000 * high")] * 2
    rules = "".join(
        RULE.format(number=number, state=state, when=when)
        for number, (state, when) in enumerate([*everything, *reachable])
    )
    return RuleScorer(read_rule_book(RULES + rules))


class Stream:
    """Scores and lands batches of orders, each with labels behind it."""

    def __init__(self, land: Callable[..., None]) -> None:
        self._land = land
        self._scorer = _scorer()
        self._events: dict[str, OrderEvent] = {}
        self._given: set[Verdict] = set()

    def take(self, orders: list[Order], random: Random) -> None:
        labels = random_labels(random, [{"transaction_id": name} for name in self._events])
        self._land([self._decided(order) for order in orders], labels)
        for transaction_id, label, source, reason, at in labels:
            event = self._events.get(transaction_id)
            is_new = source != "injected" and (transaction_id, label) not in self._given
            if event is not None and is_new:
                self._given.add((transaction_id, label))
                said: Any = (transaction_id, label, source, at, reason)
                fields = ("transaction_id", "label", "source", "labelled_at", "reason")
                made = LabelEvent(**dict(zip(fields, said, strict=True)))
                self._scorer.absorb_label(made, event)

    def _decided(self, order: Order) -> Order:
        event = msgspec.json.decode(order[AS_SENT], type=OrderEvent)
        decision = msgspec.json.decode(msgspec.json.encode(self._scorer.score(event)))
        self._events[event.transaction_id] = event
        decision["rule_set_version"] = self._scorer.rule_set_version
        return {
            "transaction_id": event.transaction_id,
            "customer_id": event.customer_id,
            "event_time": event.event_time,
            AS_SENT: order[AS_SENT].decode(),
            AS_DECIDED: decision,
        }


@pytest.fixture(scope="module")
def decided(land: Callable[..., None], build_models: Callable[..., BuildResult]) -> None:
    """Orders of few customers in wild disorder, and those of a marketplace under attack."""
    random = Random(5)
    stream = Stream(land)
    for _ in range(6):
        wild = [{AS_SENT: msgspec.json.encode(order)} for order in random_orders(random)]
        stream.take(wild, random)
    begin = int(START.timestamp() * 1000)
    market = Marketplace(seed=3, orders=2_000, start=begin, rates=scenario_rates("all"))
    values = [value for batch in market.batches() for _, value in batch.orders if value][:200]
    for first in range(0, len(values), 100):
        stream.take([{AS_SENT: value} for value in values[first : first + 100]], random)
    build_models("path:seeds", "path:models/raw")


@pytest.mark.usefixtures("decided")
def test_every_feature_of_every_decision_equals_its_twin_in_sql(warehouse: Settings) -> None:
    assert _differences(warehouse) == 0


@pytest.mark.usefixtures("decided")
def test_what_an_erasure_has_put_out_of_reach_is_not_compared(
    warehouse: Settings, build_models: Callable[..., BuildResult]
) -> None:
    platform = Platform(warehouse)
    platform.erase("c2")
    aside = platform.ask("select ingest_id from raw.unverifiable_decisions")

    assert 0 < len(aside) < platform.ask("select count(*) from raw.transaction_decisions")[0][0]
    assert _differences(warehouse) == 0
    platform.ask("truncate raw.unverifiable_decisions")
    assert _differences(warehouse) > 0
    _set_aside(platform, aside)
    build_models("path:seeds", "path:models/raw", full_refresh=True)
    assert _differences(warehouse) == 0


@pytest.mark.usefixtures("decided")
def test_a_feature_that_was_stored_wrongly_is_found(warehouse: Settings) -> None:
    Platform(warehouse).ask(
        "update raw.transaction_decisions set features ="
        " jsonb_set(features::jsonb, '{customer_orders_24h}', '999')::text"
        " where ingest_id = (select max(ingest_id) from raw.transaction_decisions"
        " where ingest_id not in (select ingest_id from raw.unverifiable_decisions))"
    )

    assert _differences(warehouse) == 1


def _set_aside(platform: Platform, ingest_ids: list[tuple[int]]) -> None:
    platform.ask(
        "insert into raw.unverifiable_decisions select unnest(%s::bigint[])",
        [ingest_id for (ingest_id,) in ingest_ids],
    )


def _differences(warehouse: Settings) -> int:
    """Features of all decisions that differ from those recomputed."""
    result = run_tests(
        warehouse, select=["tag:parity"], complete=True, variables={"parity_sample": 0}
    )
    (node,) = result.nodes
    assert node.name == PARITY_TEST.stem
    return node.failures
