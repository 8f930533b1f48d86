"""Memory that one batch gives back is there for the next one."""

import ctypes
from contextlib import suppress

import structlog

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of glibc's mallopt, by their numbers in malloc.h."""

KEPT_BYTES = 256 * 1024 * 1024
"""What is free at the end of the heap before the system gets any of it back. The rows of 5,000
simulated orders are 14 MB, those of the largest batch several times 32."""

APART_BYTES = 32 * 1024 * 1024
"""From here on a piece has pages of its own, which go as soon as it does; glibc's own most."""


def keep_free_memory() -> None:
    """From now on, for the whole process, where the C library is glibc; elsewhere nothing changes.

    A batch's rows are some megabytes that come and go. Unless told, glibc returns them each time,
    and the system clears each page again before the next batch may write to it.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        if not (mallopt(_TRIM_THRESHOLD, KEPT_BYTES) and mallopt(_MMAP_THRESHOLD, APART_BYTES)):
            structlog.get_logger().debug("the C library keeps no free memory")
