"""The lengths of time that a feature can look back over, and how long state is kept for them."""

from collections.abc import Mapping
from typing import Literal, get_args

Window = Literal["5m", "1h", "24h", "7d", "30d"]
WINDOWS: tuple[Window, ...] = get_args(Window)

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
LENGTH: Mapping[str, int] = {
    "5m": 300 * SECOND,
    "1h": HOUR,
    "24h": DAY,
    "7d": 7 * DAY,
    "30d": 30 * DAY,
}
"""In microseconds, the unit of every time inside of scoring."""

LATENESS = DAY
"""An order that is up to a day older than the newest one still sees whole windows."""

WORDS: Mapping[str, str] = {
    "5m": "five minutes",
    "1h": "hour",
    "24h": "24 hours",
    "7d": "seven days",
    "30d": "thirty days",
}
