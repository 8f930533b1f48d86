"""Hold the lease for a while and land batches: what the service and the catching-up share."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

import psycopg2
import structlog
from msgspec.structs import asdict

from fraud_core.errors import FraudPlatformError, LeaseLostError
from fraud_core.settings import Settings
from fraud_stream.consumer import lease as leases
from fraud_stream.consumer import quarantine
from fraud_stream.consumer.active import ActiveScorer
from fraud_stream.consumer.batch import Counts, Positions
from fraud_stream.consumer.lease import Lease
from fraud_stream.consumer.ledger import readable
from fraud_stream.consumer.quiet import short_pauses, tidy
from fraud_stream.consumer.recovery import ScorerKind
from fraud_stream.consumer.state import State
from fraud_stream.consumer.telemetry import Telemetry
from fraud_stream.consumer.waiting import Database, WaitingEndedError
from fraud_stream.delivery.publication import Publication

STAND_BY_SECONDS = 0.5
"""How often a stand-by looks whether the lease is free."""

REPORT_EVERY_SECONDS = 10.0


@contextmanager
def tenure(settings: Settings, database: Database, holder: str) -> Generator[Lease | None]:
    """The lease if it is free, released at the end; None while another holds it.

    An end by an error that nobody foresaw counts as one that a message may have brought about; that
    another took the lease does not.
    """
    seconds = settings.consumer_lease_seconds
    lease = database.run(lambda cursor: leases.take(cursor, holder, seconds))
    in_vain = False
    try:
        yield lease
    except LeaseLostError:
        if lease:
            database.run(lambda cursor: quarantine.absolve(cursor, lease))
        raise
    except (FraudPlatformError, WaitingEndedError):
        raise
    except Exception:
        in_vain = True
        raise
    finally:
        if lease:
            with suppress(psycopg2.Error):  # then it expires, or our session is seen to be gone
                database.once(lambda cursor: leases.release(cursor, lease, in_vain=in_vain))


def land_until(
    finished: Callable[[Positions], bool],
    settings: Settings,
    database: Database,
    lease: Lease,
    kind: ScorerKind,
    *,
    telemetry: Telemetry,
    state: State | None = None,
    endless: bool = False,
    drain_seconds: float = 0,
) -> Counts:
    """Land batch after batch until `finished` says so of the positions; returns what has landed.

    With `endless` more is to come on any partition, and is waited for where that helps to see what
    came first. What has landed is published meanwhile; at the end so many seconds are left for the
    rest of it.
    """
    telemetry.taking_over(lease.epoch)
    with Publication(settings, telemetry.published) as publication, short_pauses():
        scorer = ActiveScorer(
            settings, database, lease, kind, telemetry=telemetry, state=state, endless=endless
        )
        log, told = structlog.get_logger(), time.monotonic()
        total, untold = Counts(), Counts()
        try:
            while not finished(scorer.positions):
                counts = scorer.step()
                tidy()
                if counts.flagged or counts.dead:
                    publication.wake()
                total, untold = total + counts, untold + counts
                if time.monotonic() - told > REPORT_EVERY_SECONDS and untold != Counts():
                    log.info("landed", up_to=readable(scorer.positions), **asdict(untold))
                    told, untold = time.monotonic(), Counts()
            total += scorer.finish()
        finally:
            scorer.close()
        publication.drain(drain_seconds)
    return total
