"""The topics of the stream, made by `fraud up`: the broker makes none by itself."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from fraud_core.errors import StackError
from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings

_ANSWER_S = 10
_PROBE_S = 3


def admin_client(servers: str, login: Mapping[str, str] | None = None) -> AdminClient:
    """A client whose complaints about an absent broker go to the log and not to the terminal."""
    log = logging.getLogger("fraud_local.kafka_client")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    client: dict[str, Any] = {
        "bootstrap.servers": servers,
        "socket.timeout.ms": 5000,
        **(login or {}),
    }
    return AdminClient(client, logger=log)


def answers(
    servers: str, cluster_id: str | None = None, login: Mapping[str, str] | None = None
) -> bool:
    """Whether a broker answers there now, and belongs to that cluster when one is named."""
    try:
        found = admin_client(servers, login).list_topics(timeout=_PROBE_S)
    except KafkaException:
        return False
    return cluster_id in {None, found.cluster_id}


def asked_as(settings: Settings) -> KafkaPart:
    """Whose login `fraud up` comes with: the admin's, or the consumer's where that is not known."""
    with_login = settings.kafka_security_protocol != "PLAINTEXT"
    if with_login and not settings.kafka_admin_password and settings.kafka_consumer_password:
        return KafkaPart.CONSUMER
    return KafkaPart.ADMIN


def existing_answers(settings: Settings) -> bool:
    """Whether the user's own broker answers whom the settings let log in.

    Raises SettingsError when no password is set.
    """
    login = settings.kafka_client(asked_as(settings))
    return answers(settings.bootstrap_servers(), login=login)


def ensure_topics(settings: Settings) -> list[str]:
    """Make the stream's topics where they are missing; returns those made now.

    Without the admin's login the live ones must be there: raises StackError when one is not.
    """
    part = asked_as(settings)
    login = settings.kafka_client(part)
    servers, partitions = settings.bootstrap_servers(), settings.kafka_partitions
    if part is KafkaPart.ADMIN:
        return make_topics(servers, settings.topics, partitions, login)
    there = admin_client(servers, login).list_topics(timeout=_ANSWER_S).topics
    if missing := [name for name in settings.topics.live if name not in there]:
        raise StackError(
            f"{settings.kafka_consumer_user} sees no topic {', '.join(missing)} at {servers}: have "
            "it made, with the rights that docs/deployment.md names, or set KAFKA_ADMIN_PASSWORD"
        )
    return []


def make_topics(
    servers: str, names: Iterable[str], partitions: int, login: Mapping[str, str] | None = None
) -> list[str]:
    """Make topics with the broker's own replication; one that is there stays as it is."""
    admin = admin_client(servers, login)
    wanted = [NewTopic(name, num_partitions=partitions, replication_factor=-1) for name in names]
    made: list[str] = []
    for name, answer in admin.create_topics(wanted, operation_timeout=_ANSWER_S).items():
        try:
            answer.result(_ANSWER_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise StackError(f"cannot make topic {name} at {servers}: {error}") from error
        else:
            made.append(name)
    return made
