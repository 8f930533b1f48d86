"""Kafka and Postgres in containers, for the integration tests: `make test STACK=docker`.

The same images and the same first steps as in docker-compose.yml, without its logins for Kafka,
which the tests' own clients do not have.
"""

import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from free_ports import free_ports
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from fraud_core.database import connect
from fraud_core.settings import REPOSITORY, Role, Settings, load_settings
from fraud_local.kafka import new_cluster_id, server_properties
from fraud_local.make_secrets import NAMES, make_secrets
from fraud_local.ports import LOOPBACK

PATIENCE_S = 600.0
CONTROLLER_PORT = 9093


def pinned(variable: str) -> str:
    """The image that docker-compose.yml runs unless somebody pins another."""
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    (image,) = re.findall(rf"\$\{{{variable}:-([^}}]+)\}}", compose)
    return image


@contextmanager
def services(folder: Path) -> Generator[Settings]:
    """Settings for both, whose secrets are made in `folder`, while the block runs."""
    # The tests end what they start, also when interrupted; testcontainers' own way of doing so is
    # one more image, which gets the engine's socket.
    testcontainers_config.ryuk_disabled = True
    secrets = folder / "secrets"
    make_secrets(secrets)
    secrets.chmod(0o711)  # Postgres comes as a user of its own
    kafka_port, postgres_port = free_ports("kafka", "postgres").values()
    with _kafka(kafka_port), _postgres(postgres_port, secrets):
        settings = _settings(folder, kafka_port, postgres_port)
        _wait_for(lambda: _kafka_answers(settings), "Kafka")
        _wait_for(lambda: _postgres_answers(settings), "Postgres")
        yield settings


def _settings(folder: Path, kafka_port: int, postgres_port: int) -> Settings:
    values: dict[str, Any] = {
        name: (folder / "secrets" / name).read_text()
        for name in NAMES
        if name in Settings.model_fields
    }
    return load_settings(
        fraud_home=folder,
        kafka_bootstrap_servers=f"{LOOPBACK}:{kafka_port}",
        kafka_security_protocol="PLAINTEXT",
        postgres_host=LOOPBACK,
        postgres_port=postgres_port,
        **values,
    )


def _kafka(port: int) -> DockerContainer:
    """The embedded broker's settings, listening to what the engine passes on."""
    ports = {"kafka": port, "kafka-controller": CONTROLLER_PORT}
    settings = server_properties(Path("/tmp/kafka-data"), ports).replace(  # noqa: S108 - the container's
        f"\nlisteners=BROKER://{LOOPBACK}:", "\nlisteners=BROKER://:"
    )
    start = (
        'printf %s "$SETTINGS" >/tmp/server.properties && cd /opt/kafka/bin'
        f" && ./kafka-storage.sh format -t {new_cluster_id()} -c /tmp/server.properties"
        " && exec ./kafka-server-start.sh /tmp/server.properties"
    )
    made = DockerContainer(pinned("KAFKA_IMAGE")).with_command(["bash", "-c", start])
    made.with_env("SETTINGS", settings).with_env("LOG_DIR", "/tmp/logs")  # noqa: S108 - the container's
    return _published(made, port, port)


def _postgres(port: int, secrets: Path) -> DockerContainer:
    """Initialised by the same script as the compose file's, so the owner is no superuser here."""
    made = DockerContainer(pinned("POSTGRES_IMAGE"), user="999:999", shm_size="256m")
    made.with_command(
        ["postgres", "-c", "password_encryption=scram-sha-256", "-c", "max_connections=200"]
    )
    made.with_envs(
        POSTGRES_USER="postgres",
        POSTGRES_PASSWORD_FILE="/run/secrets/postgres_superuser_password",
        POSTGRES_INITDB_ARGS="--auth-host=scram-sha-256 --auth-local=scram-sha-256 "
        "--encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8",
        FRAUD_OWNER="fraud_owner",
        FRAUD_DB="fraud",
    )
    made.with_volume_mapping(str(REPOSITORY / "postgres/server"), "/docker-entrypoint-initdb.d")
    made.with_volume_mapping(str(secrets), "/run/secrets")
    return _published(made, 5432, port)


def _published(made: DockerContainer, inside: int, outside: int) -> DockerContainer:
    made.ports[f"{inside}/tcp"] = (LOOPBACK, outside)  # pyright: ignore[reportArgumentType] - the engine's client takes it, to listen on loopback only
    return made


def _kafka_answers(settings: Settings) -> bool:
    client = AdminClient({"bootstrap.servers": settings.bootstrap_servers(), "log_level": 0})
    with suppress(KafkaException):
        return bool(client.list_topics(timeout=2).brokers)
    return False


def _postgres_answers(settings: Settings) -> bool:
    with suppress(psycopg2.OperationalError):
        connect(settings, Role.OWNER, application="tests").close()
        return True
    return False


def _wait_for(answers: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not answers():
        assert time.monotonic() < deadline, f"{what} does not answer in its container"
        time.sleep(0.5)
