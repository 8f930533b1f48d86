"""Breaks a session that nobody answers any more; libpq alone would wait for ever.

Keepalives notice a server that is gone. They do not notice one behind a proxy or a router that
still answers for it, nor one that is stuck.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import structlog
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

LOOK_EVERY_SECONDS = 0.5


class SilenceLimit:
    """Lets what runs under `watch` take so many seconds; then its connection fails as a cut one.

    Until then `meanwhile` is called with every look, in a thread of our own: whoever must show
    that he lives cannot do so while he waits.
    """

    def __init__(self, seconds: float, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._seconds = seconds
        self._meanwhile = meanwhile
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

    @contextmanager
    def transaction(self, connection: Connection) -> Generator[Cursor]:
        """A transaction that is watched from its beginning to its commit."""
        with self.watch(connection), connection, connection.cursor() as cursor:
            yield cursor

    def close(self) -> None:
        """Watch no longer."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(LOOK_EVERY_SECONDS):
            if self._is_in_time():
                self._meanwhile()

    def _is_in_time(self) -> bool:
        """Whether something is waited for that may still be answered."""
        with self._lock:
            if self._watched is None:
                return False
            number, since = self._watched
            if time.monotonic() - since <= self._seconds:
                return True
            structlog.get_logger().warning("no answer from Postgres, connection given up")
            _shut_down(number)
            self._watched = None
            return False


def _shut_down(number: int) -> None:
    """Whoever waits for an answer hears that there will be none."""
    with suppress(OSError), socket.socket(fileno=os.dup(number)) as connected:
        connected.shutdown(socket.SHUT_RDWR)
