"""The way up: every part prepares, starts and is waited for as soon as those it needs are there."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from fraud_core.errors import DatabaseError, StackError
from fraud_core.migrations import migrate
from fraud_core.settings import Settings
from fraud_local import jars, topics
from fraud_local.airflow import NAMES as AIRFLOW_NAMES
from fraud_local.consumer import NAME as CONSUMER
from fraud_local.env_file import SUPERUSER_PASSWORD
from fraud_local.jars import LOCK_FILE, cache_folder
from fraud_local.kafka import NAME as KAFKA
from fraud_local.kafka import Kafka
from fraud_local.layout import NEEDS, Plan
from fraud_local.parts import Parts
from fraud_local.postgres import NAME as POSTGRES
from fraud_local.postgres import Postgres
from fraud_local.reporter import Reporter
from fraud_local.supervisor_client import SupervisorClient
from fraud_local.waiting import Cancelled, Waiter

# What a start may take on a slow machine before it counts as failed, in seconds.
_KAFKA_S = 90
_POSTGRES_S = 60
_AIRFLOW_S = 180
_CONSUMER_S = 60


Ended = SimpleQueue[BaseException | None]
"""What each part ended with, in the order in which they did."""


@dataclass(frozen=True, kw_only=True)
class BringUp:
    """One `fraud up`; `run` returns when everything in the plan answers."""

    plan: Plan
    parts: Parts
    settings: Settings
    secrets: Mapping[str, str]
    client: SupervisorClient
    waiter: Waiter
    cancelled: threading.Event
    reporter: Reporter
    cluster_id: str

    def run(self) -> None:
        """Bring the parts up side by side. The first failure stops the others and is raised."""
        steps = {
            "kafka": self._kafka,
            "postgres": self._postgres,
            "airflow": self._airflow,
            "consumer": self._consumer,
        }
        ended: Ended = SimpleQueue()
        with ThreadPoolExecutor(len(NEEDS)) as threads:
            futures: dict[str, Future[None]] = {}
            for name in NEEDS:
                if name in self.plan.wanted:
                    before = [futures[need] for need in NEEDS[name]]
                    futures[name] = threads.submit(_after, before, steps[name], ended)
            try:
                _wait_for(ended, len(futures))
            except BaseException:
                self.cancelled.set()
                raise

    def _kafka(self) -> None:
        if self.parts.kafka:
            self._start_kafka(self.parts.kafka)
        elif not topics.existing_answers(self.settings):
            raise StackError(_no_broker(self.settings))
        made = topics.ensure_topics(self.settings)
        also = f", topics {', '.join(made)} made" if made else ""
        self.reporter.done("kafka", f"{self.settings.kafka_bootstrap_servers}{also}")

    def _start_kafka(self, kafka: Kafka) -> None:
        if not self.client.program(KAFKA).runs:
            lock = LOCK_FILE.read_text()
            jars.ensure_jars(jars.read_lock(lock), cache_folder(lock), self._fetched)
            self.waiter.check()
            self.reporter.doing("kafka", "starting")
            kafka.prepare(self.cluster_id)
            self.client.start_program(KAFKA)
        # Asking for the cluster's id tells our broker from another one on a contested port.
        self.waiter.until(lambda: topics.answers(kafka.address, self.cluster_id), KAFKA, _KAFKA_S)

    def _fetched(self, there: int, all_jars: int) -> None:
        self.waiter.check()
        if there < all_jars:
            self.reporter.doing("kafka", f"fetching jars from Maven Central, {there}/{all_jars}")

    def _postgres(self) -> None:
        settings = self.settings
        if self.parts.postgres:
            self._start_postgres(self.parts.postgres)
        self.reporter.doing("postgres", "migrating")
        try:
            applied = migrate(settings)
        except DatabaseError as error:
            if self.parts.postgres:
                raise
            raise StackError(
                f"{error}\nPOSTGRES_HOST points there. Unset it to start an embedded server"
            ) from error
        also = f", migrations {', '.join(applied)} applied" if applied else ""
        self.reporter.done("postgres", f"{settings.postgres_host}:{settings.postgres_port}{also}")

    def _start_postgres(self, postgres: Postgres) -> None:
        superuser_password = self.secrets[SUPERUSER_PASSWORD]
        if not self.client.program(POSTGRES).runs:
            self.reporter.doing("postgres", f"starting version {postgres.major}")
            postgres.prepare(superuser_password)
            self.waiter.check()
            self.client.start_program(POSTGRES)
        self.waiter.until(lambda: postgres.answers(superuser_password), POSTGRES, _POSTGRES_S)
        postgres.make_owner(self.settings, superuser_password)

    def _airflow(self) -> None:
        airflow = self.parts.airflow
        if airflow is None:
            return
        if airflow.needs_migration():
            self.reporter.doing("airflow", "making its tables")
            airflow.migrate()
        self.waiter.check()
        self.reporter.doing("airflow", "starting")
        for name in AIRFLOW_NAMES:
            self.client.start_program(name)
        self.waiter.until(self._airflow_answers, AIRFLOW_NAMES[-1], _AIRFLOW_S)
        self.reporter.done("airflow", airflow.url)

    def _airflow_answers(self) -> bool:
        ours = [info for info in self.client.programs() if info.name in AIRFLOW_NAMES]
        airflow = self.parts.airflow
        return airflow is not None and all(info.runs for info in ours) and airflow.answers()

    def _consumer(self) -> None:
        self.reporter.doing("consumer", "starting")
        self.client.start_program(CONSUMER)
        self.waiter.until(lambda: self.client.program(CONSUMER).runs, CONSUMER, _CONSUMER_S)
        self.reporter.done("consumer", "lands orders as they come")


def _no_broker(settings: Settings) -> str:
    where = f"no broker answers at {settings.kafka_bootstrap_servers}"
    if settings.kafka_security_protocol != "PLAINTEXT":
        part = topics.asked_as(settings)
        user, who = settings.kafka_login(part)[0], f"KAFKA_{part.upper()}"
        where += (
            f" to {user} over {settings.kafka_security_protocol} (see {who}_USER, {who}_PASSWORD, "
            "KAFKA_SASL_MECHANISM and KAFKA_CA_FILE)"
        )
    return f"{where}, where KAFKA_BOOTSTRAP_SERVERS points. Unset it to start an embedded one"


def _after(before: list[Future[None]], step: Callable[[], None], ended: Ended) -> None:
    try:
        _require(before)
        step()
    except BaseException as error:
        ended.put(error)
        raise
    ended.put(None)


def _require(before: list[Future[None]]) -> None:
    for future in before:
        if future.exception():
            raise Cancelled


def _wait_for(ended: Ended, parts: int) -> None:
    """Raise what the first part that fails raises.

    A signal's handler raises wherever the main thread stands. It stands here and not in `wait` of
    the futures, which would keep their locks, for which the threads would wait for ever.
    """
    while parts:
        try:
            error = ended.get(timeout=0.5)
        except Empty:
            continue
        if error:
            raise error
        parts -= 1
