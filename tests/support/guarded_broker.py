"""A broker with the containers' own settings, logins, rights and TLS included, as a process."""

import os
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage] - confluent_kafka has it without naming it

from fraud_core.settings import REPOSITORY
from fraud_local.jars import LOCK_FILE, cache_folder
from fraud_local.java import find_java
from fraud_local.kafka import new_cluster_id
from fraud_local.ports import LOOPBACK

PATIENCE_SECONDS = 240.0
BROKER = REPOSITORY / "kafka/broker"
LISTENERS = ("inside", "outside", "controller", "elsewhere")


def settings_text(home: Path, ports: Mapping[str, int], *, tls: bool, more: str = "") -> str:
    """The files of `kafka/broker` as a container reads them, on other ports and folders."""
    files = ["server.properties", *(["tls.properties"] if tls else [])]
    text = "\n".join((BROKER / name).read_text() for name in files)
    text = text.replace("/run/secrets", str(home / "secrets"))
    inside, outside = (
        f"{name.upper()}://{LOOPBACK}:{ports[name]}" for name in ("inside", "outside")
    )
    return f"""{text}
listeners={inside},{outside},CONTROLLER://{LOOPBACK}:{ports["controller"]}
advertised.listeners={inside},{outside}
controller.quorum.voters=1@{LOOPBACK}:{ports["controller"]}
log.dirs={home / "data"}
log.cleaner.dedupe.buffer.size=16777216
{more}
"""


@contextmanager
def guarded_broker(
    home: Path, ports: Mapping[str, int], admin: Mapping[str, str], *, tls: bool, more: str = ""
) -> Generator[None]:
    """Runs while the block does; `admin` is the login by which to see that it answers.

    `home/secrets` holds what a container finds in /run/secrets.
    """
    file = home / "server.properties"
    file.write_text(settings_text(home, ports, tls=tls, more=more))
    jars = f"{cache_folder(LOCK_FILE.read_text())}/*"
    java = [str(find_java()), "-Xmx256m", "-XX:+UseSerialGC", "-cp", jars]
    environment = {
        **os.environ,
        "KAFKA_OUTSIDE_ADDRESS": f"{LOOPBACK}:{ports['outside']}",
        "KAFKA_RETENTION_HOURS": "1",
    }
    named = ("--cluster-id", new_cluster_id(), "--config", str(file))
    format_it = [*java, "kafka.tools.StorageTool", "format", *named]
    subprocess.run(format_it, env=environment, check=True, capture_output=True)
    with (home / "broker.log").open("ab") as log:
        process = subprocess.Popen(
            [*java, "kafka.Kafka", str(file)], env=environment, stdout=log, stderr=log
        )
        try:
            _wait_for(process, admin, home / "broker.log")
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _wait_for(process: subprocess.Popen[bytes], admin: Mapping[str, str], log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    client = AdminClient({**admin, "log_level": 0})
    while (refusal := _refusal(client)) is not None:
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"no broker: {refusal}\n{log.read_text()[-3000:]}")


def _refusal(client: AdminClient) -> KafkaException | None:
    try:
        client.list_topics(timeout=3)
    except KafkaException as error:
        return error
    return None
