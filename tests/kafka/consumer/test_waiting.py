"""What the log says of waiting for Kafka or Postgres."""

from unittest.mock import Mock

import psycopg2
from structlog.testing import capture_logs

from fraud_stream.consumer.waiting import patiently


def test_the_end_of_a_wait_is_told_as_well_as_each_failure() -> None:
    away = psycopg2.OperationalError("connection refused")
    with capture_logs() as logs:
        found = patiently(Mock(side_effect=[away, away, 7]), stopped=lambda: False)

    assert found == 7
    events = [log["event"] for log in logs if not log["event"].startswith("stamina")]
    assert events == ["waiting", "waiting", "no longer waiting"]


def test_what_answers_at_once_is_not_told() -> None:
    with capture_logs() as logs:
        assert patiently(Mock(side_effect=[7]), stopped=lambda: False) == 7
    assert logs == []
