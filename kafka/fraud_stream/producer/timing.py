"""How fast a run sends, and when its orders are said to be made."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from fraud_core.errors import SettingsError
from fraud_core.events import FUTURE_LIMIT
from fraud_stream.producer.stream import natural_rate

FIXED_START = datetime(2024, 1, 1, tzinfo=UTC)
"""Where a stream with a seed begins, so that the same command gives the same bytes any day."""
LIVE_RATE = 100.0
"""Orders a second when only a duration is asked for."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Between these a stream begins and ends; beyond lie labels, and the ends of the calendar."""
_MILLISECONDS = 1000
_SHOWN = "%Y-%m-%dT%H:%M%z"
_LONGEST_SLEEP = 0.2
"""Seconds. A signal's handler runs at once, and the sleep that it interrupts goes on after it."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """`rate` orders a second of real time (None: as fast as possible), `density` of event time."""

    orders: int
    rate: float | None
    density: float | None
    start: int

    @property
    def event_seconds(self) -> float:
        """How much event time its orders fill, but for chance."""
        return self.orders / (self.density or natural_rate(self.orders))


def plan_timing(
    *,
    orders: int | None,
    duration: float | None,
    rate: float | None,
    speed: float | None,
    start: datetime | None,
    seed: int | None,
    now: datetime,
) -> Timing:
    """Fill in what was not asked for.

    `speed` is seconds of event time a second of real time; without it event time goes as fast as
    the orders of such a marketplace fill it. Without `start`, a stream with a seed begins at a
    fixed date, and one without ends at about `now`, never after it. Raises SettingsError when the
    stream leaves the calendar.
    """
    if duration is not None and rate is None and speed is None:
        rate = LIVE_RATE
    if rate is None and speed is not None:
        rate = speed * natural_rate(orders or 0)
    if orders is None:
        orders = max(1, round((rate or LIVE_RATE) * (duration or 0)))
    density = rate / speed if rate and speed else None
    if start is None:
        start = FIXED_START if seed is not None else None
    begins = (
        int(start.timestamp() * 1000)
        if start
        else _so_that_it_ends(int(now.timestamp() * 1000), orders, rate, speed)
    )
    timing = Timing(orders=orders, rate=rate, density=density, start=begins)
    _require_calendar(begins, timing.event_seconds)
    return timing


def require_acceptable(timing: Timing, *, oldest: datetime, now: datetime) -> None:
    """Refuse a stream of which the consumer would make dead letters. Raises SettingsError.

    The clock goes on while a stream with a rate is sent; one without is taken to be sent at once.
    """
    begins = datetime.fromtimestamp(timing.start / _MILLISECONDS, UTC)
    if begins < oldest:
        raise SettingsError(
            f"--start: the stream would begin at {begins:{_SHOWN}}, and orders from before "
            f"{oldest:{_SHOWN}} (OLDEST_EVENT_TIME) are dead letters: a later --start, fewer "
            "--orders, or an earlier OLDEST_EVENT_TIME for the consumer and here"
        )
    sending = timing.orders / timing.rate if timing.rate else 0.0
    ahead = begins - now + timedelta(seconds=max(0.0, timing.event_seconds - sending))
    if ahead > FUTURE_LIMIT:
        hours = ahead.total_seconds() / 3600
        raise SettingsError(
            f"--start: the stream would begin at {begins:{_SHOWN}} and be {hours:,.1f} hours ahead "
            "of the clock, and orders of more than one hour ahead are dead letters: an earlier "
            "--start, fewer --orders or a lower --speed"
        )


def _require_calendar(begins: int, seconds: float) -> None:
    if begins < EARLIEST.timestamp() * _MILLISECONDS:
        raise SettingsError(
            "--start: a stream cannot begin before 1970; without --start it begins as long before "
            "now as its orders take: a later --start, fewer --orders or a lower --speed"
        )
    if begins / _MILLISECONDS + seconds > LATEST.timestamp():
        raise SettingsError(
            f"--start: the stream would end after the year {LATEST.year - 1}: an earlier --start, "
            "fewer --orders or a lower --speed"
        )


def _so_that_it_ends(now: int, orders: int, rate: float | None, speed: float | None) -> int:
    """The start, in milliseconds, of a stream that must not run ahead of the clock."""
    # Chance, and the week's rhythm at the ends, can stretch it by so much.
    stretch = 1 + max(0.04, 4 / orders**0.5)
    if rate and speed:
        return now - int(max(speed * stretch - 1, 0) * orders / rate * _MILLISECONDS)
    slack = 12 * 3600
    return now - int((orders / natural_rate(orders) * stretch + slack) * _MILLISECONDS)


class Pace:
    """Keeps to `rate` messages a second, or else to `speed` seconds of event time a second.

    Without either it never waits. It is over after `duration` seconds, and waits no longer.
    """

    def __init__(
        self,
        rate: float | None = None,
        speed: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        duration: float | None = None,
    ) -> None:
        self._rate = rate
        self._speed = speed
        self._clock = clock
        self._since = clock()
        self._duration = duration
        self._sent = 0
        self._first_event: int | None = None

    @property
    def slice(self) -> int:
        """Messages to send at once: a twentieth of a second's worth."""
        return max(1, int(self._rate / 20)) if self._rate else (1 if self._speed else 1_000)

    def begin(self) -> None:
        """Count from now on, for what it took to get ready is not part of the run."""
        self._since = self._clock()

    def is_over(self) -> bool:
        """Whether the duration has passed."""
        return self._duration is not None and self._clock() - self._since >= self._duration

    def wait(self, sent: int, event_at: int, is_over: Callable[[], bool] = lambda: False) -> None:
        """Having sent so many more, the last of them made at `event_at`, wait until it was due.

        A long wait asks now and then whether the run `is_over`, and ends with it.
        """
        self._sent += sent
        first = self._first_event = event_at if self._first_event is None else self._first_event
        due = self._since
        if self._rate:
            due += self._sent / self._rate
        elif self._speed:
            due += (event_at - first) / 1000 / self._speed
        if self._duration is not None:
            due = min(due, self._since + self._duration)
        while (left := due - self._clock()) > _LONGEST_SLEEP:
            if is_over():
                return
            time.sleep(_LONGEST_SLEEP)
        if left > 0:
            time.sleep(left)
