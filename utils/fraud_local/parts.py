"""The embedded parts of one plan, ready to be started."""

from collections.abc import Mapping
from dataclasses import dataclass

from fraud_core.settings import Settings
from fraud_local import jars
from fraud_local.account import unprivileged_account
from fraud_local.airflow import Airflow
from fraud_local.child_environment import for_children
from fraud_local.consumer import consumer_program
from fraud_local.java import find_java
from fraud_local.kafka import Kafka
from fraud_local.layout import Plan
from fraud_local.postgres import Postgres, choose_home
from fraud_local.program import Program
from fraud_local.state import Memory, StateFolder


@dataclass(frozen=True)
class Parts:
    """A part that is outside or not wanted is None."""

    kafka: Kafka | None
    postgres: Postgres | None
    airflow: Airflow | None
    consumer: Program | None

    def programs(self) -> list[Program]:
        """What the supervisor is to look after."""
        programs: list[Program] = []
        if self.kafka:
            programs.append(self.kafka.program())
        if self.postgres:
            programs.append(self.postgres.program())
        if self.airflow:
            programs += self.airflow.programs()
        if self.consumer:
            programs.append(self.consumer)
        return programs


def make_parts(
    plan: Plan,
    *,
    settings: Settings,
    secrets: Mapping[str, str],
    memory: Memory,
    folder: StateFolder,
) -> Parts:
    """Find what each part runs on. Where Postgres's data is goes into `memory`."""
    environment = for_children(settings, folder.root, secrets)
    kafka = postgres = airflow = consumer = None
    if "kafka" in plan.embedded:
        lock = jars.LOCK_FILE.read_text()
        kafka = Kafka(folder.kafka, jars.cache_folder(lock), find_java(), memory.ports)
    if "postgres" in plan.embedded:
        account = unprivileged_account()
        home = choose_home(folder.postgres, memory.postgres_home, account)
        memory.postgres_home = str(home)
        postgres = Postgres(home, memory.ports["postgres"], account)
    if "airflow" in plan.embedded:
        airflow = Airflow(folder.airflow, settings, secrets, environment)
    if "consumer" in plan.embedded:
        consumer = consumer_program(settings, environment, memory.ports.get("consumer", 0))
    return Parts(kafka, postgres, airflow, consumer)
