"""Writing a snapshot never keeps a scorer from ending."""

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
