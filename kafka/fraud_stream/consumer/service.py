"""The consumer as a service: the active scorer, or a stand-by for it."""

import threading
import time

import structlog

from fraud_core.errors import LeaseLostError
from fraud_core.settings import Settings
from fraud_stream.consumer.lease import new_holder
from fraud_stream.consumer.monitoring import monitored
from fraud_stream.consumer.recovery import ScorerKind
from fraud_stream.consumer.rule_files import RuleFiles
from fraud_stream.consumer.state import State, restored
from fraud_stream.consumer.telemetry import Telemetry
from fraud_stream.consumer.tenure import STAND_BY_SECONDS, land_until, tenure
from fraud_stream.consumer.waiting import Database, WaitingEndedError
from fraud_stream.consumer.watchdog import watched


def consume(settings: Settings, stop: threading.Event, kind: ScorerKind | None = None) -> None:
    """Land orders until `stop` is set: as the active scorer, or standing by for it.

    The batch in hand is finished and the lease released, so that a stand-by takes over at once.
    Raises StreamError when the log is not what the stored offsets say, DatabaseError when the
    schema is not there.
    """
    kind = kind or RuleFiles.of(settings)
    telemetry = Telemetry()

    def stopped() -> bool:
        """Asked in every round, and between two attempts at anything that is waited for."""
        telemetry.alive()
        return stop.is_set()

    holder = new_holder()
    log = structlog.get_logger()
    log.info("starting", holder=holder, topic=settings.kafka_topic_transactions)
    database = Database(settings, holder, stopped)
    with watched(telemetry), monitored(settings, telemetry):
        try:
            state: State | None = None
            while not stopped():
                if state is None or state.is_outdated(database):
                    telemetry.restoring()
                    state = None  # there may not be memory for two
                    state = restored(database, kind)
                state.follow(database)
                telemetry.standing_by()
                if _took_a_turn(settings, database, holder, kind, telemetry=telemetry, state=state):
                    state = None  # what was in hand when it ended may not have landed
        except WaitingEndedError:
            log.info("asked to stop while waiting for Kafka or Postgres")
        finally:
            database.close()
    log.info("stopped")


def _took_a_turn(
    settings: Settings,
    database: Database,
    holder: str,
    kind: ScorerKind,
    *,
    telemetry: Telemetry,
    state: State,
) -> bool:
    """Score for as long as the lease is ours; wait a moment when it is not."""
    log = structlog.get_logger()
    try:
        with tenure(settings, database, holder) as lease:
            if lease is None:
                time.sleep(STAND_BY_SECONDS)
                return False
            log.info("scoring", epoch=lease.epoch)
            land_until(
                lambda _: database.stopped(),
                settings,
                database,
                lease,
                kind,
                telemetry=telemetry,
                state=state,
                endless=True,
            )
    except LeaseLostError as error:
        log.warning("standing by", reason=str(error))
    return True
