"""Ctrl-C that ends a run in order: what was sent is counted, and reported."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_interrupted() -> Generator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; the second time it interrupts as usual.

    Between two slices, so that no message is half counted. Outside of the main thread nobody can
    press it.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def press(_number: int, _frame: FrameType | None) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
