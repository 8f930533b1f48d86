"""A real Kafka broker: one KRaft node that is broker and controller, on loopback."""

import base64
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from fraud_core.errors import StackError
from fraud_local.java import java_version
from fraud_local.ports import LOOPBACK
from fraud_local.program import Program

NAME = "kafka"

_HEAP = "-Xmx512m"
"""Enough for millions of small messages: a broker keeps them in the page cache, not here."""

LOG4J = """\
Configuration:
  status: warn
  Appenders:
    Console:
      name: out
      PatternLayout:
        pattern: "%d{ISO8601} %p %c{1}: %m%n"
  Loggers:
    Root:
      level: warn
      AppenderRef:
        ref: out
    Logger:
      # Start and stop of the broker, without hundreds of lines of settings and metadata.
      - name: kafka.server
        level: info
"""


def server_properties(data: Path, ports: Mapping[str, int]) -> str:
    """The broker's settings; those of internal topics are what a single node needs."""
    broker = f"{LOOPBACK}:{ports['kafka']}"
    controller = f"{LOOPBACK}:{ports['kafka-controller']}"
    values: dict[str, object] = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"BROKER://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"BROKER://{broker}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "BROKER",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        # A typing error in a topic's name must not become a new topic.
        "auto.create.topics.enable": "false",
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 4,
        "group.initial.rebalance.delay.ms": 0,
        # After a kill the node waits for its own earlier self to expire, 9 s unless told.
        "broker.heartbeat.interval.ms": 1000,
        "broker.session.timeout.ms": 4000,
        # Allocated at the start, 128 MB unless told.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        # Half a minute of messages, written at once, would keep Postgres' commits waiting.
        "log.flush.interval.ms": 1000,
        "log.flush.scheduler.interval.ms": 500,
        "num.network.threads": 2,
        "num.io.threads": 4,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def new_cluster_id() -> str:
    """A cluster id in Kafka's form: 16 random bytes in URL-safe base64, not like an option."""
    while True:
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not cluster_id.startswith("-"):
            return cluster_id


class Kafka:
    """The broker's files under one folder, and how to start it."""

    def __init__(self, folder: Path, jars: Path, java: Path, ports: Mapping[str, int]) -> None:
        self._folder = folder
        self._jars = jars
        self._java = java
        self._ports = ports
        self._properties = folder / "server.properties"
        self._log4j = folder / "log4j2.yaml"
        self.address = f"{LOOPBACK}:{ports['kafka']}"

    def prepare(self, cluster_id: str) -> None:
        """Write the settings, and format the data folder on the first run."""
        data = self._folder / "data"
        self._properties.write_text(server_properties(data, self._ports))
        self._log4j.write_text(LOG4J)
        if not (data / "meta.properties").exists():
            self._format(cluster_id)

    def program(self) -> Program:
        """The broker's process; it exits when its heap is full, and is started again."""
        return Program(
            name=NAME,
            command=self._command("kafka.Kafka", str(self._properties)),
            directory=self._folder,
            stop_seconds=20,
        )

    def _command(self, main_class: str, *arguments: str) -> tuple[str, ...]:
        options = [
            "-Xms64m",
            _HEAP,
            "-XX:+UseSerialGC",  # the least memory and CPU for a small heap
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self._log4j}",
        ]
        if (java_version(self._java) or 0) >= 24:
            # Both are warnings of newer Javas about what Kafka's own jars do.
            options += [
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
            ]
        return (str(self._java), *options, "-cp", f"{self._jars}/*", main_class, *arguments)

    def _format(self, cluster_id: str) -> None:
        command = self._command(
            "kafka.tools.StorageTool",
            *("format", "--ignore-formatted"),
            *("--cluster-id", cluster_id, "--config", str(self._properties)),
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise StackError(
                f"cannot format Kafka's data folder under {self._folder}:\n"
                f"{(done.stdout + done.stderr)[-2000:]}"
            )
