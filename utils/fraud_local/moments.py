"""Moments as people give them on a command line."""

import re
from datetime import UTC, datetime, timedelta

from fraud_core.errors import SettingsError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"(\d{1,6})([smhd])")
_LIKE = "like 2026-01-31, or 2026-01-31T12:00:00Z; without a zone it is UTC"


def moment(text: str, now: datetime, *, option: str) -> datetime:
    """`24h` is so long before `now`; anything else is an `instant`.

    Raises SettingsError, naming the option.
    """
    if ago := _AGO.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError as error:
            raise SettingsError(
                f"{option} {text!r} is before the year 1: give less, or leave it out for all"
            ) from error
    return _read(text, option, f"give 90m, 24h, 7d, or one {_LIKE}")


def instant(text: str, *, option: str) -> datetime:
    """An ISO 8601 time, in UTC unless it says otherwise. Raises SettingsError with the option."""
    return _read(text, option, f"give one {_LIKE}")


def _read(text: str, option: str, way_out: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{option} {text!r} is no time: {way_out}") from error
