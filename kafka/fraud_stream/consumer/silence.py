"""Breaks a session that nobody answers any more; libpq alone would wait for ever.

Keepalives notice a server that is gone. They do not notice one behind a proxy or a router that
still answers for it, nor one that is stuck.
"""

import os
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

import structlog
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class

LOOK_EVERY_SECONDS = 0.5


class SilenceLimit:
    """Lets what runs under `watch` take so many seconds; then its connection fails as a cut one."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._watched: tuple[int, float] | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="silence-limit", daemon=True)
        self._thread.start()

    @contextmanager
    def watch(self, connection: Connection) -> Generator[None]:
        """For one transaction; one at a time."""
        with self._lock:
            self._watched = (connection.fileno(), time.monotonic())
        try:
            yield
        finally:
            with self._lock:  # from here on the number may become another file's
                self._watched = None

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(LOOK_EVERY_SECONDS):
            with self._lock:
                if self._watched and time.monotonic() - self._watched[1] > self._seconds:
                    structlog.get_logger().warning("no answer from Postgres, connecting again")
                    _shut_down(self._watched[0])
                    self._watched = None


def _shut_down(number: int) -> None:
    """Whoever waits for an answer hears that there will be none."""
    with suppress(OSError), socket.socket(fileno=os.dup(number)) as connected:
        connected.shutdown(socket.SHUT_RDWR)
