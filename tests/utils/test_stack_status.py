"""When the stack is well: all of it runs, and orders are landed where a consumer is part of it."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from free_ports import free_port
from prometheus_client import generate_latest

from fraud_local.rules_in_force import RulesInForce, read, rules_in_force
from fraud_local.status import STARTING_SECONDS, PartStatus, StackStatus
from fraud_stream.consumer.stream_state import StreamState
from fraud_stream.consumer.telemetry import Telemetry

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
STREAM = StreamState(
    looked_at=NOW,
    holder="scorer-a-1",
    epoch=4,
    held_since=NOW,
    stand_bys=0,
    newest_received_at=NOW,
    snapshot_taken_at=NOW,
    snapshot_bytes=1,
    after_snapshot=0,
    breaker_tripped_at=None,
    bad_in_a_row=0,
    open_dead_letters=0,
    waiting={},
)
POSTGRES = PartStatus("postgres", "RUNNING", "127.0.0.1:5432")
CONSUMER = PartStatus("consumer", "RUNNING", None, uptime_s=STARTING_SECONDS)
WELL = StackStatus((POSTGRES, CONSUMER), 0, STREAM)
NOBODY_SCORES = msgspec.structs.replace(STREAM, holder=None)


def test_a_consumer_that_scores_is_well() -> None:
    assert WELL.is_well
    assert (WELL.as_data()["running"], WELL.as_data()["well"]) == (True, True)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(replace(WELL, stream=None), id="Postgres does not answer"),
        pytest.param(replace(WELL, consumer_lag=None), id="Kafka does not answer"),
        pytest.param(replace(WELL, stream=NOBODY_SCORES), id="nobody scores"),
        pytest.param(
            replace(WELL, stream=msgspec.structs.replace(STREAM, breaker_tripped_at=NOW)),
            id="landing has stopped",
        ),
    ],
)
def test_where_nothing_lands_all_runs_and_is_not_well(found: StackStatus) -> None:
    assert not found.is_well
    assert (found.as_data()["running"], found.as_data()["well"]) == (True, False)


def test_programs_are_told_the_rules_in_force() -> None:
    found = replace(WELL, rules=RulesInForce("mine-7", "lists-3", refused=True))
    assert found.as_data()["rules"] == {"rule_set": "mine-7", "lists": "lists-3", "refused": True}
    assert WELL.as_data()["rules"] is None


def test_where_nobody_answers_no_rules_are_named() -> None:
    assert rules_in_force(f"http://127.0.0.1:{free_port()}/metrics") is None


def test_a_consumer_that_stands_by_names_no_rules() -> None:
    telemetry = Telemetry()
    telemetry.standing_by()
    assert read(generate_latest(telemetry.metrics.registry).decode()) is None


def test_a_consumer_that_was_just_started_may_not_score_yet() -> None:
    fresh = replace(CONSUMER, uptime_s=STARTING_SECONDS - 1)
    assert StackStatus((POSTGRES, fresh), 0, NOBODY_SCORES).is_well


def test_a_consumer_that_keeps_dying_is_never_well_however_young_it_is() -> None:
    back = replace(CONSUMER, uptime_s=1.0, restarts=1)
    assert not StackStatus((POSTGRES, back), 0, NOBODY_SCORES).is_well
    assert StackStatus((POSTGRES, back), 0, STREAM).is_well


def test_without_a_consumer_nobody_has_to_score() -> None:
    assert StackStatus((POSTGRES,), None, None).is_well


@pytest.mark.parametrize("parts", [(), (replace(POSTGRES, state="FATAL"), CONSUMER)])
def test_what_does_not_run_is_not_well(parts: tuple[PartStatus, ...]) -> None:
    found = StackStatus(parts, 0, STREAM)
    assert not found.is_well
    assert found.as_data()["running"] is False
