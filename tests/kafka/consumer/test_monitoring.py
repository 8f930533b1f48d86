"""How far landing is behind, as monitors are told, also before this process has landed anything."""

import time
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from fraud_core.settings import Settings
from fraud_stream.consumer import monitoring
from fraud_stream.consumer.log import Log
from fraud_stream.consumer.monitoring import Monitor, StreamGauges
from fraud_stream.consumer.stream_state import StreamState
from fraud_stream.consumer.telemetry import Telemetry

PLACE = ("orders", 0)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def state(newest_received_at: datetime | None) -> StreamState:
    return StreamState(
        looked_at=NOW,
        holder="scorer-a-1",
        epoch=4,
        held_since=NOW - timedelta(seconds=90),
        stand_bys=0,
        newest_received_at=newest_received_at,
        snapshot_taken_at=None,
        snapshot_bytes=None,
        after_snapshot=0,
        breaker_tripped_at=None,
        bad_in_a_row=0,
        open_dead_letters=0,
        waiting={},
    )


def seconds_behind(
    found: StreamState | None, *, end: int = 10, landed_ms: int | None = None
) -> float | None:
    """What a scrape says of a consumer that stands at offset 4 of a log up to `end`."""
    telemetry = Telemetry()
    telemetry.scoring({PLACE: 4}, entities=0)
    telemetry.newest_received_ms = landed_ms
    log = Log({"orders": "id"}, {PLACE: 0}, {PLACE: end})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitoring, "stream_log", Mock())
        patch.setattr(Monitor, "log", Mock(return_value=log))
        patch.setattr(Monitor, "state", Mock(return_value=found))
        metrics = list(StreamGauges(Monitor(Settings(), telemetry)).collect())
    values = {sample.name: sample.value for metric in metrics for sample in metric.samples}
    assert values["fraud_stream_lag_messages"] == end - 4
    return values.get("fraud_stream_lag_seconds")


def test_after_a_restart_with_a_backlog_the_newest_order_in_the_tables_counts() -> None:
    assert seconds_behind(state(NOW - timedelta(hours=2))) == 7_200


def test_when_nothing_has_ever_landed_the_time_since_the_lease_was_taken_counts() -> None:
    assert seconds_behind(state(None)) == 90


def test_while_postgres_does_not_answer_nothing_is_said_of_what_is_not_known() -> None:
    assert seconds_behind(None) is None


def test_what_this_process_has_landed_counts_first() -> None:
    landed_ms = int(time.time() * 1000) - 5_000
    found = seconds_behind(state(NOW - timedelta(hours=2)), landed_ms=landed_ms)
    assert found == pytest.approx(5, abs=4)


def test_who_has_landed_everything_is_not_behind() -> None:
    assert seconds_behind(state(NOW - timedelta(hours=2)), end=4) == 0
