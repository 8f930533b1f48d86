"""Writes one landing in a thread of its own, while the next batch is fetched and scored."""

import contextvars
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_stream.consumer.waiting import Database

Work = Callable[[Cursor], None]


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
        self._begun: SimpleQueue[Work | None] = SimpleQueue()
        self._ended: SimpleQueue[Commit | BaseException] = SimpleQueue()
        self._is_at_work = False
        self._commit = Commit(0.0, 0.0)
        self._thread = threading.Thread(
            target=contextvars.copy_context().run, args=(self._run,), name="landing", daemon=True
        )
        self._thread.start()

    def start(self, work: Work) -> None:
        """Begin a transaction; the one before it must have been finished."""
        self._is_at_work = True
        self._begun.put(work)

    def finish(self) -> Commit:
        """Wait for the commit; raises what kept it away."""
        if self._is_at_work:
            ended = self._ended.get()
            self._is_at_work = False
            if isinstance(ended, BaseException):
                raise ended
            self._commit = ended
        return self._commit

    def close(self) -> None:
        """Wait for what was begun, however it ends, and leave Postgres."""
        self._begun.put(None)
        self._thread.join()
        self._database.close()

    def _run(self) -> None:
        while work := self._begun.get():
            self._ended.put(self._outcome(work))

    def _outcome(self, work: Work) -> Commit | BaseException:
        began = time.monotonic()
        try:
            self._database.run(work)
        except BaseException as error:  # the one who waits for us raises it
            return error
        return Commit(time.monotonic() - began, time.time())
