"""A job that ends when everything has landed that the topics held at its start."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import msgspec
from stamina.instrumentation import (
    RetryDetails,
    RetryHook,
    get_on_retry_hooks,
    set_on_retry_hooks,
)

from fraud_core.errors import LeaseLostError, StreamError
from fraud_core.settings import Settings
from fraud_stream.consumer import ledger
from fraud_stream.consumer.batch import Counts, Positions
from fraud_stream.consumer.breaker import stored_state
from fraud_stream.consumer.lease import new_holder
from fraud_stream.consumer.log import Log, stream_log
from fraud_stream.consumer.progress import behind
from fraud_stream.consumer.recovery import ScorerKind
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.source import check_log
from fraud_stream.consumer.telemetry import Telemetry
from fraud_stream.consumer.tenure import STAND_BY_SECONDS, land_until, tenure
from fraud_stream.consumer.waiting import Database, WaitingEndedError, first_line, patiently

PUBLISH_SECONDS = 5.0
"""How long a job that has landed all waits for its alerts to be sent; else the next one does it."""

Progress = Callable[[int, int], None]
"""Told how many of how many messages are done."""


class CaughtUp(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the messages that were waiting."""

    landed: int
    flagged: int
    labels: int
    duplicates: int
    dead: int
    seconds: float


def until_caught_up(
    settings: Settings,
    *,
    timeout_seconds: float = 600,
    kind: ScorerKind | None = None,
    progress: Progress = lambda _done, _total: None,
) -> CaughtUp:
    """Have everything landed that the topics hold now, by the running service or by ourselves.

    Raises StreamError when that did not happen in time, naming the partitions that are behind, or
    what was still waited for; and when the log is not the one that the stored offsets belong to.
    """
    job = _CatchingUp(settings, timeout_seconds, progress)
    try:
        with _told_of_retries(job.failed):
            return job.run(kind or RuleFiles.of(settings))
    except WaitingEndedError as error:
        raise StreamError(f"not caught up within {timeout_seconds:g} s: {job.why()}") from error
    finally:
        job.close()


@contextmanager
def _told_of_retries(hook: RetryHook) -> Generator[None]:
    """Whatever the process tries again, in any thread; meanwhile others are told as before."""
    others = get_on_retry_hooks()
    set_on_retry_hooks([*others, hook])
    try:
        yield
    finally:
        set_on_retry_hooks(others)


class _CatchingUp:
    """Drains the topics while the lease is ours, and watches the stored offsets while it is not."""

    def __init__(self, settings: Settings, timeout_seconds: float, progress: Progress) -> None:
        self._settings = settings
        self._timeout = timeout_seconds
        self._began = time.monotonic()
        self._progress = progress
        self._holder = new_holder()
        self._database = Database(settings, self._holder, self._is_late)
        self._own = Counts()
        self._failed: dict[int, Exception] = {}
        self._waits_for: Exception | None = None

    def run(self, kind: ScorerKind) -> CaughtUp:
        kafka = stream_log(self._settings)
        log = patiently(kafka.look, stopped=self._is_late)
        start = self._stored(log)
        known = self._database.run(lambda cursor: ledger.stored_topic_ids(cursor, log.topic_ids))
        now = patiently(kafka.look, stopped=self._is_late)  # a service that runs landed meanwhile
        check_log(now, start, known)  # nothing may be left to read of one that was cut
        total = sum(behind(start, log).values())

        def reached(positions: Positions) -> bool:
            left = sum(behind(positions, log).values())
            self._progress(total - left, total)
            return not left

        def finished(positions: Positions) -> bool:
            return reached(positions) or self._is_late() or self._has_tripped()

        while not finished(self._stored(log)):
            self._work(kind, finished)
        stored = self._stored(log)
        self._complain_about(behind(stored, log))
        if stored == log.end and self._own.messages() == total:
            counts = self._own  # nobody else landed anything, and nothing else was landed
        else:
            counts = self._database.run(
                lambda cursor: ledger.count_between(cursor, {**log.first, **start}, log.end)
            )
        seconds = round(time.monotonic() - self._began, 3)
        return CaughtUp(**msgspec.structs.asdict(counts), seconds=seconds)

    def failed(self, details: RetryDetails) -> None:
        """An attempt at something; before the next one its thread asks whether it is late."""
        self._failed[threading.get_ident()] = details.caused_by

    def why(self) -> str:
        """What the time was over with."""
        if self._waits_for is None:
            return (
                "what has landed before was still being read back, without any error; --timeout "
                "gives it longer"
            )
        return (
            f"still waiting because of {first_line(self._waits_for)}. Does everything run (`fraud "
            "status`), and are address, name and password right?"
        )

    def close(self) -> None:
        self._database.close()

    def _work(self, kind: ScorerKind, finished: Callable[[Positions], bool]) -> None:
        with (
            suppress(LeaseLostError),
            tenure(self._settings, self._database, self._holder) as lease,
        ):
            if lease:
                self._own += land_until(
                    finished,
                    self._settings,
                    self._database,
                    lease,
                    kind,
                    telemetry=Telemetry(),
                    drain_seconds=PUBLISH_SECONDS,
                )
            else:
                time.sleep(STAND_BY_SECONDS)

    def _stored(self, log: Log) -> Positions:
        return self._database.run(lambda cursor: ledger.stored_positions(cursor, log.topic_ids))

    def _is_late(self) -> bool:
        failed = self._failed.pop(threading.get_ident(), None)
        is_late = time.monotonic() - self._began > self._timeout
        if is_late and failed is not None:
            self._waits_for = failed
        return is_late

    def _has_tripped(self) -> bool:
        return self._database.run(stored_state).tripped

    def _complain_about(self, missing: Positions) -> None:
        if not missing:
            return
        if self._has_tripped():
            raise StreamError(
                "landing has stopped, because everything that arrived was bad (all_input_bad): see "
                "`fraud dead-letters list`, and let it go on with `fraud consume --reset-breaker`"
            )
        where = ", ".join(f"{count:,} in {topic}/{n}" for (topic, n), count in missing.items())
        raise StreamError(
            f"the stream is not caught up after {self._timeout:g} s: still to land, by topic and "
            f"partition: {where}. Does the consumer run (`fraud status`, `fraud logs consumer`)? "
            "--timeout gives it longer"
        )
