"""What is to be replayed: from where, which orders, and checked before anything is done."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from fraud_core.errors import ReplayError

Source = Literal["raw", "kafka", "parquet", "file"]


class Offsets(msgspec.Struct, frozen=True):
    """A stretch of one partition: `first` up to, but without, `end`."""

    partition: int
    first: int
    end: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Orders of a source, in a range of event time or of offsets; no range means all there are."""

    source: Source
    since: datetime | None = None
    until: datetime | None = None
    offsets: Offsets | None = None
    path: str | None = None

    def __str__(self) -> str:
        if self.offsets:
            at = self.offsets
            return f"{self.source}, partition {at.partition}, offsets {at.first} to {at.end}"
        since = self.since.isoformat() if self.since else "the beginning"
        until = self.until.isoformat() if self.until else "the end"
        return f"{self.path or self.source}, {since} to {until}"

    def holds(self, event_time: datetime) -> bool:
        """Whether an order of that time is asked for, as far as times go."""
        after = self.since is None or event_time >= self.since
        return after and (self.until is None or event_time < self.until)


def checked(request: Request) -> Request:
    """The request; raises ReplayError when its parts do not fit together."""
    if (request.source in {"parquet", "file"}) != (request.path is not None):
        raise ReplayError("--path is needed with --source parquet and file, and with no other")
    if request.offsets and (request.since or request.until):
        raise ReplayError("give a range of time or of offsets, not both")
    if request.offsets and request.source not in {"raw", "kafka"}:
        raise ReplayError("only --source raw and kafka know offsets")
    if request.offsets and not 0 <= request.offsets.first < request.offsets.end:
        raise ReplayError("--first-offset must be below --end-offset, and neither below 0")
    for moment in (request.since, request.until):
        if moment is not None and moment.utcoffset() != timedelta(0):
            raise ReplayError(f"{moment.isoformat()}: say times in UTC, like 2026-01-05T00:00:00Z")
    if request.since and request.until and request.since >= request.until:
        raise ReplayError("the range ends before it begins")
    return request
