"""Writes one landing in a thread of its own, while the next batch is fetched and scored."""

import contextvars
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_stream.consumer.waiting import Database


class Commit(NamedTuple):
    """How many seconds it took, and when it was done, in seconds since 1970."""

    seconds: float
    at: float


class Writer:
    """One transaction at a time, on a session of its own.

    While Postgres works, and while it is away, the thread waits without the interpreter's lock.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self._commit = Commit(0.0, 0.0)

    def start(self, work: Callable[[Cursor], None]) -> None:
        """Begin a transaction; the one before it must have been finished."""
        self._error = None
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._run, work), name="landing"
        )
        self._thread.start()

    def finish(self) -> Commit:
        """Wait for the commit; raises what kept it away."""
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._error:
            error, self._error = self._error, None
            raise error
        return self._commit

    def close(self) -> None:
        """Wait for what was begun, however it ends, and leave Postgres."""
        if self._thread:
            self._thread.join()
        self._database.close()

    def _run(self, work: Callable[[Cursor], None]) -> None:
        began = time.monotonic()
        try:
            self._database.run(work)
        except BaseException as error:  # the one who waits for us raises it
            self._error = error
        self._commit = Commit(time.monotonic() - began, time.time())
