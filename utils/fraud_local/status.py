"""How the stack is, part by part, for people and for programs."""

from dataclasses import asdict, dataclass

import psycopg2

from fraud_core.database import connect
from fraud_core.errors import SettingsError
from fraud_core.settings import Role, Settings
from fraud_local import topics
from fraud_local.airflow import API_SERVER
from fraud_local.consumer import NAME as CONSUMER
from fraud_local.lag import consumer_lag
from fraud_local.rules_in_force import RulesInForce, rules_in_force
from fraud_local.stack import Stack
from fraud_local.stream_report import as_data
from fraud_local.supervisor_client import ProcessInfo
from fraud_stream.consumer import stream_state
from fraud_stream.consumer.stream_state import StreamState

OUTSIDE = "OUTSIDE"
UNREACHABLE = "UNREACHABLE"
"""States beside supervisord's own, for parts that the settings place somewhere else."""


STARTING_SECONDS = 60.0
"""To read back what is known, some 7 s for a million orders, and to take the lease."""


@dataclass(frozen=True)
class PartStatus:
    """One line of `fraud status`; pid, uptime and restarts are only known of our own processes."""

    part: str
    state: str
    address: str | None
    pid: int | None = None
    uptime_s: float | None = None
    restarts: int | None = None

    @property
    def is_well(self) -> bool:
        """Whether it runs, or answers where the settings place it."""
        return self.state in {"RUNNING", OUTSIDE}

    @property
    def is_starting(self) -> bool:
        """Whether it was just started. One that died and came back is none: it may die for ever."""
        return not self.restarts and (self.uptime_s or 0.0) < STARTING_SECONDS


@dataclass(frozen=True)
class StackStatus:
    """Every part that should run, how many messages have not landed yet, and how the stream is.

    The latter two are None when Kafka or Postgres does not answer, and the rules in force when this
    stack's own consumer does not, or stands by.
    """

    parts: tuple[PartStatus, ...]
    consumer_lag: int | None
    stream: StreamState | None = None
    rules: RulesInForce | None = None

    @property
    def runs(self) -> bool:
        """Whether there is a stack and all of it runs."""
        return bool(self.parts) and all(part.is_well for part in self.parts)

    @property
    def is_well(self) -> bool:
        """Whether all of it runs and, where a consumer is part of it, orders are landed."""
        return self.runs and all(self._lands(part) for part in self.parts if part.part == CONSUMER)

    def _lands(self, consumer: PartStatus) -> bool:
        """A consumer that was just started may not be the one that scores yet."""
        stream = self.stream
        if stream is None or self.consumer_lag is None or stream.breaker_tripped_at:
            return False
        return stream.holder is not None or consumer.is_starting

    def as_data(self) -> dict[str, object]:
        """For JSON."""
        return {
            "running": self.runs,
            "well": self.is_well,
            "consumer_lag": self.consumer_lag,
            "stream": as_data(self.stream, self.consumer_lag) if self.stream else None,
            "rules": asdict(self.rules) if self.rules else None,
            "parts": [asdict(part) for part in self.parts],
        }


def stack_status(stack: Stack) -> StackStatus:
    """Ask the supervisor, the parts outside, Kafka and Postgres. No parts when nothing runs."""
    if not stack.is_up():
        return StackStatus((), None)
    settings = stack.settings()
    own = [_own(info, settings, stack.metrics_url()) for info in stack.programs()]
    others = [_other(part, settings) for part in sorted(stack.outside())]
    url = stack.metrics_url()
    rules = rules_in_force(url) if url else None
    return StackStatus((*own, *others), consumer_lag(settings), _stream(settings), rules)


def _stream(settings: Settings) -> StreamState | None:
    try:
        return stream_state.look(settings, application="fraud-status")
    except (psycopg2.Error, SettingsError):
        return None


def _own(info: ProcessInfo, settings: Settings, metrics_url: str | None) -> PartStatus:
    addresses = {
        "kafka": settings.kafka_bootstrap_servers,
        "postgres": f"{settings.postgres_host}:{settings.postgres_port}",
        API_SERVER: settings.airflow_url,
        CONSUMER: metrics_url,
    }
    return PartStatus(
        part=info.name,
        state=info.state,
        address=addresses.get(info.name),
        pid=info.pid or None,
        uptime_s=info.uptime_s,
        restarts=info.restarts,
    )


def _other(part: str, settings: Settings) -> PartStatus:
    if part == "kafka":
        address, answers = settings.bootstrap_servers(), _kafka_answers(settings)
    else:
        address = f"{settings.postgres_host}:{settings.postgres_port}"
        answers = _postgres_answers(settings)
    return PartStatus(part=part, state=OUTSIDE if answers else UNREACHABLE, address=address)


def _kafka_answers(settings: Settings) -> bool:
    try:
        return topics.existing_answers(settings)
    except SettingsError:
        return False


def _postgres_answers(settings: Settings) -> bool:
    try:
        connect(settings, Role.OWNER, application="fraud-status").close()
    except psycopg2.OperationalError:
        return False
    return True
