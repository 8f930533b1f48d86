"""Each committed batch is counted once, by what became of its messages."""

import time

import pytest
from confluent_kafka import Message

from fraud_core.settings import REPOSITORY
from fraud_stream.consumer.batch import Batch, Terms
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.telemetry import SAMPLES, Telemetry, spread
from fraud_stream.consumer.triage import Triage, triage
from fraud_stream.scoring.rules.book import read_rule_book

ORDER = (
    b'{"schema_version":1,"transaction_id":"%d","customer_id":"c","merchant_id":"m","amount":1,'
    b'"event_time":"2026-01-01T00:00:00Z","currency":"EUR","payment_method":"card"}'
)


NOW = 1_767_225_600_000
"""When the orders take place."""


def record(offset: int, value: bytes, at_ms: int = NOW) -> Message:
    return Message(topic="orders", partition=0, offset=offset, value=value, timestamp=(1, at_ms))


def sorted_out(records: list[Message]) -> Triage:
    return triage(records, Terms("labels", 10_000, NOW), landed=lambda _: {})


def landed(telemetry: Telemetry, records: list[Message], *quarantined: int) -> None:
    batch = Batch(records, {}, {}, quarantined=[(("orders", 0), n) for n in quarantined])
    found = sorted_out(records)
    telemetry.landed(batch, found, ["approve"] * len(found.orders), 0.01, committed_at=time.time())


def value(telemetry: Telemetry, name: str, **labels: str) -> float | None:
    return telemetry.metrics.registry.get_sample_value(name, labels)


def test_what_was_consumed_is_the_sum_of_where_it_went() -> None:
    telemetry = Telemetry()
    landed(telemetry, [record(0, ORDER % 1), record(1, ORDER % 1), record(2, b"{")], 3, 4)
    assert value(telemetry, "fraud_messages_consumed_total") == 5
    assert value(telemetry, "fraud_orders_landed_total", outcome="approve") == 1
    assert value(telemetry, "fraud_duplicates_total") == 1
    assert value(telemetry, "fraud_dead_letters_total", reason="not_json") == 1
    assert value(telemetry, "fraud_dead_letters_total", reason="quarantined") == 2


def test_the_latency_of_a_large_batch_is_taken_from_a_few_messages() -> None:
    telemetry = Telemetry()
    landed(telemetry, [record(n, ORDER % n) for n in range(1_000)])
    assert value(telemetry, "fraud_end_to_end_seconds_count") == SAMPLES
    assert value(telemetry, "fraud_batch_messages_sum") == 1_000


def test_latency_counts_from_the_records_own_time() -> None:
    telemetry = Telemetry()
    landed(telemetry, [record(0, ORDER % 1, at_ms=int(time.time() * 1000) - 10_000)])
    assert value(telemetry, "fraud_end_to_end_seconds_bucket", le="5.0") == 0
    assert value(telemetry, "fraud_end_to_end_seconds_bucket", le="60.0") == 1


@pytest.mark.parametrize("count", [1, 2, SAMPLES, SAMPLES + 1, 999, 1_000])
def test_samples_are_spread_and_end_with_the_last_one(count: int) -> None:
    records = [record(n, b"") for n in range(count)]
    found = spread(records, SAMPLES)
    assert len(found) <= SAMPLES
    assert found[0] is records[-1]


def test_only_the_holder_of_the_lease_says_that_it_holds_it() -> None:
    telemetry = Telemetry()
    telemetry.taking_over(7)
    assert (telemetry.phase, value(telemetry, "fraud_lease_held")) == ("taking over", 1)
    telemetry.scoring({("orders", 0): 5}, 12)
    assert (telemetry.phase, value(telemetry, "fraud_state_entities")) == ("active", 12)
    telemetry.restoring()
    assert (telemetry.phase, value(telemetry, "fraud_lease_held")) == ("restoring", 0)
    telemetry.standing_by()
    assert (telemetry.phase, value(telemetry, "fraud_lease_held")) == ("standing by", 0)
    assert telemetry.positions is None
    assert value(telemetry, "fraud_lease_epoch") == 7


def test_a_rejection_counts_under_its_own_reason_only() -> None:
    telemetry = Telemetry()
    batch = Batch([record(0, b"")], {}, {})
    found = Triage([], [], [], [(record(0, b""), Rejection("too_large", "2 MB"))])
    telemetry.landed(batch, found, [], 0.0, committed_at=time.time())
    assert value(telemetry, "fraud_dead_letters_total", reason="too_large") == 1
    assert value(telemetry, "fraud_dead_letters_total", reason="not_json") is None


def test_refused_rules_show_until_they_are_mended_or_another_one_scores() -> None:
    telemetry = Telemetry()
    shown: list[float | None] = []
    for refused in (False, True, False, True):
        telemetry.rules(None, refused=refused)
        shown.append(value(telemetry, "fraud_rules_refused"))
    telemetry.standing_by()
    assert [*shown, value(telemetry, "fraud_rules_refused")] == [0, 1, 0, 1, 0]


def test_only_the_rules_in_force_are_named_and_only_by_who_scores() -> None:
    telemetry = Telemetry()
    rules = (REPOSITORY / "kafka" / "rules" / "starter.yml").read_text(encoding="utf-8")
    old, new = (read_rule_book(rules, f"version: {name}\nentries: []\n") for name in ("l-1", "l-2"))
    shown: list[list[str]] = []
    for book in (old, new):
        telemetry.rules(book, refused=True)
        shown.append(named(telemetry))
    telemetry.standing_by()
    assert [*shown, named(telemetry)] == [["l-1"], ["l-2"], []]


def named(telemetry: Telemetry) -> list[str]:
    """The lists of every sample that names rules and lists."""
    samples = [s for metric in telemetry.metrics.rules.collect() for s in metric.samples]
    return [sample.labels["lists"] for sample in samples if sample.value == 1]
