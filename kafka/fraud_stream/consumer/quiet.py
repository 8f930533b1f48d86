"""Python's pauses kept short: the garbage of cycles is collected a little at a time."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager

SWITCH_SECONDS = 0.0001
"""How long a thread may hold the interpreter while another one waits for it; fifty times less than
usual, because the writer needs it for microseconds only, a dozen times a landing."""

YOUNG = 50_000
"""Objects that may be cycles and have not been looked at; looking takes about 20 ms."""


@contextmanager
def short_pauses() -> Generator[None]:
    """While the block runs, nothing walks through all that the state holds, again and again.

    Call `tidy` after each batch: it looks at what the last ones left, and no more.
    """
    interval, enabled = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.disable()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        if enabled:
            gc.enable()
        sys.setswitchinterval(interval)


def tidy() -> None:
    """Collect the young if there are many; what survives is state, mostly, and is left alone."""
    if gc.get_count()[0] > YOUNG:
        gc.collect(0)
        gc.freeze()
