"""Moments on a command line."""

from datetime import UTC, datetime

import pytest

from fraud_core.errors import SettingsError
from fraud_local.moments import moment

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", datetime(2026, 3, 10, 10, 30, tzinfo=UTC)),
        ("7d", datetime(2026, 3, 3, 12, tzinfo=UTC)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:00:00+02:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_a_moment_is_so_long_ago_or_a_time(text: str, expected: datetime) -> None:
    assert moment(text, NOW, option="--since") == expected


def test_more_time_than_the_calendar_has_is_refused_with_the_options_name() -> None:
    with pytest.raises(SettingsError, match=r"--since '999999d' is before the year 1: give less"):
        moment("999999d", NOW, option="--since")


def test_what_is_no_moment_is_refused_with_the_options_name() -> None:
    with pytest.raises(SettingsError, match=r"--since 'yesterday' is no time: give 90m"):
        moment("yesterday", NOW, option="--since")
