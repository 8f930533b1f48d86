"""What `fraud status` says of the stream."""

from datetime import UTC, datetime, timedelta
from typing import Any

from fraud_local.rules_in_force import RulesInForce
from fraud_local.stream_report import as_data, lines
from fraud_stream.consumer.stream_state import StreamState, Waiting

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def state(**changes: Any) -> StreamState:
    usual: dict[str, Any] = {
        "looked_at": NOW,
        "holder": "scorer-a-1",
        "epoch": 4,
        "held_since": NOW - timedelta(hours=1),
        "stand_bys": 1,
        "newest_received_at": NOW - timedelta(seconds=3),
        "snapshot_taken_at": NOW - timedelta(seconds=40),
        "snapshot_bytes": 12_000_000,
        "after_snapshot": 0,
        "breaker_tripped_at": None,
        "bad_in_a_row": 0,
        "open_dead_letters": 0,
        "waiting": {"transactions_flagged": Waiting(0, None)},
    }
    return StreamState(**{**usual, **changes})


def said(found: StreamState, lag: int | None = 0) -> dict[str, str]:
    return dict(lines(found, lag))


def test_the_scorer_is_named_with_its_time_epoch_and_stand_bys() -> None:
    assert said(state())["scorer"] == "scorer-a-1 for 1:00:00, epoch 4; 1 standing by"
    assert said(state(holder=None, stand_bys=0))["scorer"] == "nobody scores; nobody stands by"


def test_lag_is_in_messages_and_seconds() -> None:
    assert said(state(), 1_234)["to land"] == "1,234 messages, 3.0 s behind"
    assert said(state(), 0)["to land"] == "0 messages"
    assert said(state(), None)["to land"].startswith("not known")


def test_the_rules_in_force_are_named_and_whether_newer_ones_are_refused() -> None:
    told = [
        dict(lines(state(), 0, RulesInForce("starter-5", "lists-1", refused=refused)))["rules"]
        for refused in (False, True)
    ]
    assert told[0] == "starter-5, lists lists-1"
    assert told[1].startswith("starter-5, lists lists-1; newer files are refused")
    assert "rules" not in said(state())


def test_the_last_snapshot_has_age_and_size() -> None:
    assert said(state())["snapshot"] == "40.0 s ago, 12.0 MB"
    later = said(state(after_snapshot=1_200))["snapshot"]
    assert later == "40.0 s ago, 12.0 MB; 1,200 landed since"
    assert said(state(snapshot_taken_at=None))["snapshot"] == "none yet"


def test_a_tripped_breaker_is_told_and_else_not_mentioned() -> None:
    assert "breaker" not in said(state())
    tripped = state(breaker_tripped_at=NOW - timedelta(minutes=5), bad_in_a_row=10_000)
    assert "stopped 0:05:00 ago: 10,000 bad messages" in said(tripped)["breaker"]


def test_what_waits_to_be_sent_has_the_age_of_the_oldest() -> None:
    waiting = {"transactions_flagged": Waiting(12, NOW - timedelta(seconds=7))}
    found = said(state(waiting=waiting))["to transactions_flagged"]
    assert found == "12 waiting, the oldest 7.0 s ago"


def test_open_dead_letters_come_with_the_command_that_lists_them() -> None:
    assert said(state(open_dead_letters=5))["dead letters"] == "5 open: `fraud dead-letters list`"
    assert said(state())["dead letters"] == "0 open"


def test_programs_get_seconds_and_times() -> None:
    data = as_data(state(), 10)
    assert (data["lag_messages"], data["lag_seconds"]) == (10, 3.0)
    assert data["held_since"] == "2026-03-10T11:00:00+00:00"
    assert data["publication"] == {"transactions_flagged": {"waiting": 0, "oldest_s": None}}
    assert as_data(state(holder=None), 0)["held_since"] is None
