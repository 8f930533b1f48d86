"""When a snapshot is due, and that writing one never keeps a scorer from ending."""

import threading
from unittest.mock import Mock

import pytest
from half_open import HalfOpen
from structlog.testing import capture_logs

from fraud_core.settings import Settings
from fraud_stream.consumer import saving
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.saving import Saving
from fraud_stream.consumer.state import START

PATIENCE_SECONDS = 30.0


def is_due(*, landed: int, written: int, seconds: int) -> bool:
    """Of a scorer that began when 20 had landed, once so many have and the last was so long ago."""
    settings = Settings().model_copy(update={"consumer_snapshot_seconds": 60 - seconds})
    saving = Saving(settings, Lease(1, 20), "tests")
    return saving.due(Mock(ingest_id=landed, written=written))


def test_what_landed_before_the_scorer_began_is_due_in_time_when_no_snapshot_holds_it() -> None:
    assert is_due(landed=20, written=0, seconds=60)
    assert not is_due(landed=20, written=0, seconds=0)
    assert not is_due(landed=20, written=20, seconds=60)


def test_a_backlog_that_another_scorer_landed_is_not_due_at_once() -> None:
    assert not is_due(landed=20 + 249_999, written=0, seconds=0)
    assert is_due(landed=20 + 250_000, written=0, seconds=0)


def test_a_snapshot_that_postgres_does_not_answer_fails_and_the_scorer_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(saving, "connect", HalfOpen)
    settings = Settings().model_copy(update={"consumer_lease_seconds": 0})
    with capture_logs() as logs:
        writing = Saving(settings, Lease(1, 0), "tests")
        writing.take(Mock(ingest_id=20, saved=START), rest=0.0)
        ending = threading.Thread(target=writing.close, daemon=True)
        ending.start()
        ending.join(PATIENCE_SECONDS)
        assert not ending.is_alive(), "it waits for an answer that never comes"
    assert "snapshot not written or not pruned" in [log["event"] for log in logs]
