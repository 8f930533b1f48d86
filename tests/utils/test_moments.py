"""Moments on a command line."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from fraud_core.errors import SettingsError
from fraud_local.cli import app
from fraud_local.moments import instant, moment

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WHY = ["--reason", "why", "--author", "who"]


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


@pytest.mark.parametrize("text", ["24h", "tomorrow", "2026-02-30", "0001-01-01T00:00+02:00"])
def test_an_instant_is_no_length_of_time(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--to '.*' is no time: give one like 2026-01-31"):
        instant(text, option="--to")


def test_an_instant_is_utc_whatever_zone_it_names() -> None:
    expected = datetime(2026, 3, 1, 10, tzinfo=UTC)
    for text in ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00", "2026-03-01T10:00Z"):
        assert instant(text, option="--to").isoformat() == expected.isoformat()


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (["replay", "rescore", "--from", "soon"], "--from"),
        (["replay", "publish", "--to", "soon"], "--to"),
        (["reference", "--from", "2026-01-05", "--to", "soon"], "--to"),
        (["produce", "--start", "soon"], "--start"),
        (["lists", "add", "block", "shop", "m", "--expires", "soon", *WHY], "--expires"),
    ],
)
def test_all_options_that_take_a_time_say_the_same(command: list[str], option: str) -> None:
    error = CliRunner().invoke(app, command).exception
    assert isinstance(error, SettingsError)
    assert str(error).startswith(f"{option} 'soon' is no time: give one like 2026-01-31")


def test_what_is_no_moment_is_refused_with_the_options_name() -> None:
    with pytest.raises(SettingsError, match=r"--since 'yesterday' is no time: give 90m"):
        moment("yesterday", NOW, option="--since")
