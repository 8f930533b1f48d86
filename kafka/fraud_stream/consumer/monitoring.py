"""What monitors are told: /metrics for Prometheus, /healthz and /readyz for whoever restarts."""

import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress

import msgspec
import psycopg2
from confluent_kafka import KafkaException
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fraud_core.errors import FraudPlatformError
from fraud_core.settings import Settings
from fraud_stream.consumer import stream_state
from fraud_stream.consumer.endpoints import Answer, metrics_answer, serving
from fraud_stream.consumer.log import Log, TopicMissingError, stream_log
from fraud_stream.consumer.progress import behind
from fraud_stream.consumer.stream_state import StreamState
from fraud_stream.consumer.telemetry import Telemetry

APPLICATION = "fraud-monitor"

SILENT_SECONDS = 60.0
"""A loop that shows no life for so long hangs: no wait of its own lasts nearly as long."""

KAFKA_SECONDS = 2.0


@contextmanager
def monitored(settings: Settings, telemetry: Telemetry) -> Generator[None]:
    """Answer monitors while the block runs, unless METRICS_PORT is 0."""
    if not settings.metrics_port:
        yield
        return
    monitor = Monitor(settings, telemetry)
    answers = {
        "/metrics": metrics_answer(telemetry.metrics.registry, StreamGauges(monitor)),
        "/healthz": monitor.health,
        "/readyz": monitor.readiness,
    }
    with serving(settings.metrics_host, settings.metrics_port, answers):
        yield


class Monitor:
    """Asks Kafka and Postgres itself, on connections of its own, when it is asked."""

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        self.telemetry = telemetry
        self._settings = settings
        self._kafka = stream_log(settings)
        self._one_at_a_time = threading.Lock()

    def health(self) -> Answer:
        """503 when the loop has not gone round for a minute, though it waits for nothing."""
        silent = self.telemetry.silent_for()
        found = {"phase": self.telemetry.phase, "silent_seconds": round(silent, 1)}
        return _answer(found, well=silent < SILENT_SECONDS)

    def readiness(self) -> Answer:
        """503 while state is read back or rebuilt, and while Kafka or Postgres does not answer."""
        phase = self.telemetry.phase
        kafka, postgres = self.log() is not None, self.state() is not None
        found = {"phase": phase, "kafka": kafka, "postgres": postgres}
        return _answer(found, well=kafka and postgres and phase in {"active", "standing by"})

    def state(self) -> StreamState | None:
        """None when Postgres does not answer."""
        with suppress(psycopg2.Error, FraudPlatformError):
            return stream_state.look(self._settings, application=APPLICATION)
        return None

    def log(self) -> Log | None:
        """None when no broker answers; without a topic it is empty."""
        try:
            with self._one_at_a_time:
                return self._kafka.look(KAFKA_SECONDS)
        except TopicMissingError:
            return Log({}, {}, {})
        except (KafkaException, FraudPlatformError):
            return None

    def lag(self, state: StreamState | None) -> tuple[int, float | None] | None:
        """Messages to be landed and seconds behind; None for who does not score, or cannot know.

        Seconds are the age of the newest message landed while others wait, and 0 when none do.
        Before the first landing of this process it is the newest order in the tables, and without
        any the time since the lease was taken; None while the tables cannot be asked.
        """
        positions, log = self.telemetry.positions, self.log()
        if positions is None or log is None:
            return None
        messages = sum(behind(positions, log).values())
        landed = self.telemetry.newest_received_ms
        if not messages:
            return 0, 0.0
        if landed is not None:
            return messages, max(0.0, time.time() - landed / 1000)
        return messages, state and state.age(state.newest_received_at or state.held_since)


class StreamGauges(Collector):
    """Found out at each scrape; what cannot be found out is left out, and `_up` says so."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterable[Metric]:
        """Called by the registry."""
        state = self._monitor.state()
        lag = self._monitor.lag(state)
        if lag:
            messages, seconds = lag
            yield _gauge("fraud_stream_lag_messages", "Messages to be landed.", messages)
            if seconds is not None:
                yield _gauge("fraud_stream_lag_seconds", "Age of what was landed last.", seconds)
        yield _gauge("fraud_postgres_up", "1 when Postgres answered this scrape.", bool(state))
        if state:
            yield from _of_tables(state)


def _of_tables(state: StreamState) -> Iterable[Metric]:
    age = state.age(state.snapshot_taken_at)
    if age is not None:
        yield _gauge("fraud_snapshot_age_seconds", "Age of the newest finished snapshot.", age)
        yield _gauge("fraud_snapshot_bytes", "What the snapshots hold.", state.snapshot_bytes or 0)
    yield _gauge(
        "fraud_after_snapshot", "Orders and labels in no finished snapshot.", state.after_snapshot
    )
    yield _gauge(
        "fraud_breaker_tripped",
        "1 while landing waits for somebody.",
        bool(state.breaker_tripped_at),
    )
    yield _gauge("fraud_bad_in_a_row", "The newest messages that are bad.", state.bad_in_a_row)
    yield _gauge("fraud_stand_bys", "Consumers that wait for the lease.", state.stand_bys)
    yield _gauge(
        "fraud_dead_letters_open", "Dead letters nobody has acted on.", state.open_dead_letters
    )
    messages = GaugeMetricFamily(
        "fraud_publication_waiting", "Landed and not sent yet.", labels=["channel"]
    )
    seconds = GaugeMetricFamily(
        "fraud_publication_lag_seconds", "Age of the oldest of these.", labels=["channel"]
    )
    for channel, waiting in state.waiting.items():
        messages.add_metric([channel], waiting.messages)
        seconds.add_metric([channel], state.age(waiting.oldest_at) or 0.0)
    yield messages
    yield seconds


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))


def _answer(found: Mapping[str, object], *, well: bool) -> Answer:
    return 200 if well else 503, "application/json", msgspec.json.encode(found) + b"\n"
