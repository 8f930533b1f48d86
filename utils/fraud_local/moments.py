"""Moments as people give them on a command line."""

import re
from datetime import UTC, datetime, timedelta

from fraud_core.errors import SettingsError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGO = re.compile(r"(\d{1,6})([smhd])")


def moment(text: str, now: datetime, *, option: str) -> datetime:
    """`24h` is so long before `now`; else an ISO 8601 time, in UTC unless it says otherwise.

    Raises SettingsError, naming the option, for anything else.
    """
    if ago := _AGO.fullmatch(text):
        try:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        except OverflowError as error:
            raise SettingsError(
                f"{option} {text!r} is before the year 1: give less, or leave it out for all"
            ) from error
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{option} {text!r} is no time: give 90m, 24h, 7d, or one like 2026-01-31T12:00:00Z"
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
