"""One supervised child process, described as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Program:
    """What to start, as whom, and how to stop it.

    It counts as up after `start_seconds`; when it dies earlier it is tried again after 1, 2, 3...
    seconds, and at once when it dies later. It is killed `stop_seconds` after the stop signal.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    user: str | None = None
    stop_signal: Literal["TERM", "INT"] = "TERM"
    stop_seconds: int = 15
    start_seconds: int = 2
