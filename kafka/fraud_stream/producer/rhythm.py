"""When people order: by hour of the day and day of the week, each in their own time zone."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

HOURS = np.array(
    [
        *(0.45, 0.25, 0.15, 0.10, 0.10, 0.18),  # midnight to six
        *(0.40, 0.75, 1.00, 1.15, 1.25, 1.35),
        *(1.45, 1.35, 1.20, 1.15, 1.20, 1.35),
        *(1.60, 1.85, 2.05, 2.00, 1.55, 0.92),  # the evening's peak
    ]
)
"""Relative number of orders by local hour."""
WEEKDAYS = np.array([0.95, 0.92, 0.95, 0.98, 1.02, 1.05, 1.13])
"""Relative number of orders by local weekday, Monday first."""
_WEEK = (np.outer(WEEKDAYS, HOURS) / np.outer(WEEKDAYS, HOURS).mean()).ravel()
HALF_HOUR = 1800
"""Seconds; the finest step of the offsets in use, so the rhythm is constant within it."""


class Rhythm:
    """Intensities and clock offsets of a fixed list of time zones."""

    def __init__(self, zones: tuple[str, ...]) -> None:
        self._zones = [ZoneInfo(zone) for zone in zones]

    def intensity(self, seconds: NDArray[np.int64]) -> NDArray[np.float64]:
        """Activity of each zone (row) at each time (column, UTC seconds); the mean is one."""
        local = seconds[None, :] + self.offsets(seconds) * 60
        hour_of_week = (local // 3600 + 3 * 24) % (7 * 24)  # 1970-01-01 was a Thursday
        return _WEEK[hour_of_week]

    def offsets(self, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Minutes ahead of UTC of each zone (row) at each time (column, UTC seconds)."""
        days = seconds // 86_400
        return np.array(
            [
                [self.offset(zone, int(t), int(day)) for t, day in zip(seconds, days, strict=True)]
                for zone in range(len(self._zones))
            ]
        )

    def offset(self, zone: int, second: int, day: int) -> int:
        """Minutes ahead of UTC; asks the zone once a day unless the clock changes on that day."""
        first, last = self._day(zone, day)
        return first if first == last else _minutes(self._zones[zone], second)

    @lru_cache(maxsize=4_096)  # noqa: B019 - one Rhythm lives as long as its process
    def _day(self, zone: int, day: int) -> tuple[int, int]:
        return (
            _minutes(self._zones[zone], day * 86_400),
            _minutes(self._zones[zone], day * 86_400 + 86_399),
        )


def _minutes(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) // 60 if offset else 0
