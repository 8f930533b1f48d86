"""Wait out infrastructure trouble: one connection to Postgres, made again when it breaks.

A message's own fault never comes here, and nothing is ever given up but by whoever asks us to stop.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

import psycopg2
import stamina
import structlog
from confluent_kafka import KafkaException
from psycopg2.extensions import connection as Connection  # noqa: N812 - it is a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - it is a class

from fraud_core.database import connect, is_transient
from fraud_core.errors import DatabaseError
from fraud_core.settings import Role, Settings
from fraud_stream.consumer.silence import SilenceLimit

_T = TypeVar("_T")

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 2.0
"""How late we may notice that the server is back, or that we are asked to stop."""

SILENT_LEASES = 3
"""A transaction that takes as long as so many leases is given up: another scores by then."""


def silent_seconds(settings: Settings) -> int:
    """How long a transaction of a scorer may take."""
    return SILENT_LEASES * settings.consumer_lease_seconds


def session_limits(settings: Settings) -> str:
    """Options of a scorer's session, by which the server ends what its client cannot end.

    A frozen client's transaction ends when its lease would have expired. One that was given up
    while it waited for a lock waits no longer; it would keep its own locks and a connection.
    """
    return (
        f"-c idle_in_transaction_session_timeout={settings.consumer_lease_seconds}s"
        f" -c lock_timeout={silent_seconds(settings)}s"
    )


class RefusedRowError(DatabaseError):
    """Postgres takes the connection, but not what some row holds."""


class WaitingEndedError(Exception):
    """Asked to stop while waiting; whatever was in hand is not landed and will be read again."""


def patiently(
    work: Callable[[], _T],
    *,
    stopped: Callable[[], bool],
    worth: Callable[[Exception], bool] | None = None,
) -> _T:
    """The result of `work`, tried again with back-off for as long as only waiting helps.

    Raises WaitingEndedError as soon as `stopped` says so between two attempts.
    """
    log = structlog.get_logger()
    worth_waiting = worth or worth_waiting_for
    for attempt in stamina.retry_context(
        on=worth_waiting,
        attempts=None,
        timeout=None,
        wait_initial=FIRST_WAIT_SECONDS,
        wait_max=LONGEST_WAIT_SECONDS,
        wait_jitter=FIRST_WAIT_SECONDS,
    ):
        with attempt:
            if attempt.num > 1 and stopped():
                raise WaitingEndedError
            try:
                done = work()
            except Exception as error:
                if worth_waiting(error):
                    log.warning("waiting", attempt=attempt.num, error=first_line(error))
                raise
            if attempt.num > 1:  # else the log ends with what was waited for, long after
                log.info("no longer waiting", attempts=attempt.num)
            return done
    raise AssertionError("without a limit of attempts the loop only ends by return or raise")


def worth_waiting_for(error: Exception) -> bool:
    """Whether it is the infrastructure's trouble: the broker or Postgres down, cut off or full."""
    if isinstance(error, psycopg2.Error):
        return is_transient(error)
    if isinstance(error, KafkaException):
        return not error.args[0].fatal()
    return False


def first_line(error: Exception) -> str:
    """Of a message that may go on to quote rows, and with them personal data."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


class Database:
    """The consumer's session; each `run` is one transaction, repeated until it could be told.

    So what is run must be safe to repeat after a commit whose answer was lost. `stopped` is asked
    between two attempts, and now and then while one is waited for, from another thread: whoever
    asks lives. `sessions` counts those that were begun: a new one may be with a server that was
    restored to an earlier time.
    """

    def __init__(self, settings: Settings, application: str, stopped: Callable[[], bool]) -> None:
        self._settings = settings
        self.application = application
        self.stopped = stopped
        self.sessions = 0
        self._connection: Connection | None = None
        self._silence = SilenceLimit(silent_seconds(settings), meanwhile=stopped)

    def run(self, work: Callable[[Cursor], _T]) -> _T:
        """The result of `work`, committed. Raises DatabaseError for what waiting does not cure."""
        return self._patiently(lambda: self.once(work))

    def look(self, work: Callable[[Cursor], _T]) -> _T:
        """As `run`, for queries that need no transaction: that saves two round trips."""
        return self._patiently(lambda: self._with_session(work, is_transaction=False))

    def _patiently(self, attempt: Callable[[], _T]) -> _T:
        try:
            return patiently(attempt, stopped=self.stopped)
        except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
            raise DatabaseError(
                f"{first_line(error)}: the schema is not that of this version; run `fraud migrate`"
            ) from error
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            raise RefusedRowError(first_line(error)) from error
        except psycopg2.Error as error:
            raise DatabaseError(first_line(error)) from error

    def once(self, work: Callable[[Cursor], _T]) -> _T:
        """One attempt; after a failure the next one starts on a new connection."""
        return self._with_session(work, is_transaction=True)

    def _with_session(self, work: Callable[[Cursor], _T], *, is_transaction: bool) -> _T:
        connection = self._connection or self._connect()
        self._connection = None
        try:
            connection.autocommit = not is_transaction
            scope = connection if is_transaction else nullcontext()
            with self._silence.watch(connection), scope, connection.cursor() as cursor:
                result = work(cursor)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return result

    def close(self) -> None:
        """End the session."""
        self._silence.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        """Ids are looked up in indexes, whatever the statistics say of a table that grows fast."""
        connection = connect(
            self._settings,
            Role.CONSUMER,
            application=self.application,
            options=f"{session_limits(self._settings)} -c enable_seqscan=off",
        )
        self.sessions += 1
        return connection
