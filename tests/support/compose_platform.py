"""The platform of docker-compose.yml, brought up from a copy of the checkout on a real engine."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString

from confluent_kafka import Producer
from free_ports import free_ports

from fraud_core.database import connect
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import REPOSITORY, Role, Settings, load_settings
from fraud_local.airflow_api import airflow_api
from fraud_local.airflow_types import Run
from fraud_local.make_secrets import FOLDER, NAMES, new_secret
from fraud_local.reconcile import Reconciliation, grown
from fraud_stream.consumer.ledger import count_between
from fraud_stream.consumer.log import KafkaLog

PROJECT = "fraud-compose-test"
VERSION = "0-compose-test"
TASKS = f"fraud-platform/tasks:{VERSION}"
EVERYTHING = ("--profile", "demo", "--profile", "docker-tasks")
DAG_ID = "kafka_streaming_pipeline"
PATIENCE_S = 3_600.0


def run(
    *command: str, environment: Mapping[str, str] | None = None, folder: Path = REPOSITORY
) -> str:
    """A program's standard output; an AssertionError with both outputs when it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


class Platform:
    """A copy of the checkout with `.env` and secrets of its own, as the README has them made."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder
        self.ports = free_ports("KAFKA", "POSTGRES_PUBLISHED", "AIRFLOW")
        self.environment = {
            **os.environ,
            **{f"{name}_PORT": str(port) for name, port in self.ports.items()},
            "COMPOSE_PROJECT_NAME": PROJECT,
            "TASK_NETWORK": PROJECT,
            "TASK_VOLUME": f"{PROJECT}-exports",
            "VERSION": VERSION,
            "DOCKER_HOST": engine,
            "DOCKER_SOCKET": engine.removeprefix("unix://"),
        }
        self._acknowledged = 0

    def make(self) -> None:
        """The copy: what git knows or would take, as it is now; of secrets none is left empty."""
        listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        for name in filter(None, listed.split("\0")):
            if (REPOSITORY / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, self.folder / name)
        shutil.copy2(self.folder / ".env.example", self.folder / ".env")
        run("make", "secrets", f"PYTHON={sys.executable}", folder=self.folder)
        secrets = self.folder / FOLDER
        (secrets / "smtp_password").write_text(new_secret("smtp_password"))
        (secrets / "notify_webhook_url").write_text(f"http://127.0.0.1:9/{new_secret('hook')}")

    def docker(self, *words: str) -> str:
        """The engine's answer."""
        return run("docker", *words, environment=self.environment)

    def compose(self, *words: str, **variables: str) -> str:
        """What compose says; `variables` are set for this one command."""
        environment = {**self.environment, **variables}
        return run("docker", "compose", *words, environment=environment, folder=self.folder)

    def up(self, *profiles: str, **variables: str) -> float:
        """Bring everything up; returns the seconds until all is healthy. A failure shows logs."""
        begin = time.monotonic()
        words = ("up", "--detach", "--wait", "--wait-timeout", str(int(PATIENCE_S)))
        try:
            self.compose(*profiles, *words, **variables)
        except AssertionError as failed:
            logs = self.compose(*EVERYTHING, "logs", "--no-color", "--tail", "20")
            raise AssertionError(f"{failed}\n{logs}") from failed
        return time.monotonic() - begin

    def down(self) -> None:
        """End everything, what it kept included, and containers of tasks that were killed."""
        if left := self.docker("ps", "--all", "--quiet", "--filter", f"ancestor={TASKS}").split():
            self.docker("rm", "--force", *left)
        self.compose(*EVERYTHING, "down", "--volumes", "--remove-orphans")

    def containers(self) -> dict[str, dict[str, Any]]:
        """What the engine says of each container, by service."""
        ids = self.compose(*EVERYTHING, "ps", "--all", "--quiet").split()
        found = json.loads(self.docker("inspect", *ids))
        return {it["Config"]["Labels"]["com.docker.compose.service"]: it for it in found}

    def settings(self) -> Settings:
        """For a client on this machine."""
        secrets: dict[str, Any] = {
            name: (self.folder / FOLDER / name).read_text()
            for name in NAMES
            if name in Settings.model_fields
        }
        return load_settings(
            fraud_home=self.folder / "home",
            kafka_bootstrap_servers=f"127.0.0.1:{self.ports['KAFKA']}",
            kafka_security_protocol="SASL_PLAINTEXT",
            postgres_host="127.0.0.1",
            postgres_port=self.ports["POSTGRES_PUBLISHED"],
            airflow_url=f"http://127.0.0.1:{self.ports['AIRFLOW']}",
            **secrets,
        )

    def produce(self, orders: int) -> None:
        """Send orders, each acknowledged by the broker."""
        words = ("produce", "--orders", str(orders), "--json")
        said = self.compose("--profile", "demo", "run", "--rm", "-T", "producer", *words)
        self._acknowledged += json.loads(said.strip().splitlines()[-1])["acknowledged"]

    def send(self, value: bytes) -> None:
        """Whatever it is, to the topic of orders; the broker has acknowledged it then."""
        settings = self.settings()
        producer = Producer(settings.kafka_client(KafkaPart.PRODUCER))
        producer.produce(settings.kafka_topic_transactions, value)
        assert producer.flush(60) == 0

    def by_hand(self, *words: str) -> str:
        """What a `fraud` command says that an operator runs."""
        return self.compose("run", "--rm", "-T", "fraud", *words)

    def erases(self, customer_id: str, *words: str) -> bool:
        """Whether he is erased by this; False while the warehouse is being built."""
        try:
            self.by_hand("erase-customer", customer_id, *words)
        except AssertionError as failed:
            if "is being built" in str(failed):
                return False
            raise
        return True

    def ask(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """The answer that the owner gets."""
        with (
            closing(connect(self.settings(), Role.OWNER, application="tests")) as reader,
            reader.cursor() as cursor,
        ):
            cursor.execute(query, values)
            return cursor.fetchall()

    def run_the_pipeline(self) -> Run:
        """One run of the DAG, as an operator would start it."""
        with airflow_api(self.settings()) as api:
            api.wait_until_healthy(PATIENCE_S)
            api.wait_for_dag(DAG_ID, PATIENCE_S)
            run_id = api.trigger(DAG_ID)
            return api.follow(DAG_ID, run_id, lambda _: None, timeout_s=PATIENCE_S, poll_s=2)

    def account(self) -> Reconciliation:
        """Where everything that was ever produced is by now."""
        settings = self.settings()
        login = settings.kafka_client(KafkaPart.CONSUMER)
        end = KafkaLog(login, settings.kafka_topic_transactions).look(60).end
        with (
            closing(connect(settings, Role.DBT, application="tests")) as reader,
            reader.cursor() as cursor,
        ):
            found = count_between(cursor, {}, end)
        return Reconciliation(acknowledged=self._acknowledged, on_topic=grown({}, end), found=found)

    def phase(self, service: str) -> str | None:
        """What a consumer says that it is: active, standing by, ...; None when it says nothing."""
        ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:9108/healthz').read().decode())"
        try:
            said = self.compose("exec", "-T", service, "python", "-c", ask)
        except AssertionError:
            return None
        return json.loads(said)["phase"]


def eventually(is_so: Callable[[], bool], complaint: str) -> None:
    """Return once it is so; an AssertionError with the complaint after a long time."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, complaint
        time.sleep(2)
