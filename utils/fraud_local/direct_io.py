"""Whether a folder's files can be written past the system's cache."""

import os
from mmap import mmap
from pathlib import Path

_PAGE = 8192
"""Of Postgres: the least that it writes at once."""


def takes_direct_writes(folder: Path) -> bool:
    """Tried out with one page: systems, and file systems of the same system, differ in it."""
    if not hasattr(os, "O_DIRECT"):
        return False
    trial = folder / "direct.trial"
    try:
        number = os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_DIRECT, 0o600)
        try:
            with mmap(-1, _PAGE) as page:  # memory that begins where a page of the system does
                return os.write(number, page) == _PAGE
        finally:
            os.close(number)
    except OSError:
        return False
    finally:
        trial.unlink(missing_ok=True)
