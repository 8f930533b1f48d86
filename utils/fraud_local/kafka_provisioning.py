"""Bring a Kafka that asks for logins to what the platform expects: topics, logins and rights.

For the containers, and for a managed Kafka whose admin you are. Run it any time: what is there
stays, a changed password becomes the login's, and a right that is not in the table goes.
"""

# confluent_kafka.admin has these without naming them in __all__.
# pyright: reportPrivateImportUsage=false
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from fraud_core.errors import StackError
from fraud_core.kafka_access import KafkaPart, Right, rights
from fraud_core.settings import Settings
from fraud_local.topics import ensure_topics

ITERATIONS = 8192
"""Rounds of the password's hash: Kafka's own tools use 4096, the least that it takes."""

_ANSWER_S = 20
_PARTS = tuple(part for part in KafkaPart if part is not KafkaPart.ADMIN)


class Provisioned(NamedTuple):
    """What a run changed; a second one changes nothing but renews the logins."""

    topics: list[str]
    logins: list[str]
    granted: list[Right]
    revoked: list[Right]


def provision(settings: Settings) -> Provisioned:
    """Make topics, logins and rights. Raises StackError when the admin is refused something."""
    client: dict[str, Any] = {**settings.kafka_client(KafkaPart.ADMIN), "log_level": 0}
    admin = AdminClient(client)
    try:
        made = ensure_topics(settings)
        logins = _set_logins(admin, settings)
        granted, revoked = _set_rights(admin, settings)
    except KafkaException as error:
        raise StackError(
            f"Kafka refuses {settings.kafka_admin_user!r} (KAFKA_ADMIN_USER) at "
            f"{settings.bootstrap_servers()}: {error.args[0].str()}"
        ) from error
    return Provisioned(made, logins, granted, revoked)


def _set_logins(admin: AdminClient, settings: Settings) -> list[str]:
    """Each part's user with its password, which is hashed on this side."""
    logins = [settings.kafka_login(part) for part in _PARTS]
    short = settings.kafka_sasl_mechanism == "SCRAM-SHA-256"
    mechanism = ScramMechanism.SCRAM_SHA_256 if short else ScramMechanism.SCRAM_SHA_512
    credential = ScramCredentialInfo(mechanism, ITERATIONS)
    _wait(
        admin.alter_user_scram_credentials(
            [
                UserScramCredentialUpsertion(user, credential, password.get_secret_value().encode())
                for user, password in logins
            ]
        )
    )
    return [user for user, _ in logins]


def _set_rights(admin: AdminClient, settings: Settings) -> tuple[list[Right], list[Right]]:
    """Grant what is missing and revoke what is not in the table, of our own users only."""
    wanted, there = set(rights(settings.topics)), set(held_rights(admin, settings))
    granted, revoked = sorted(wanted - there), sorted(there - wanted)
    if granted:
        _wait(admin.create_acls([_binding(right, settings) for right in granted]))
    if revoked:
        _wait(admin.delete_acls([_filter(right, settings) for right in revoked]))
    return granted, revoked


def held_rights(admin: AdminClient, settings: Settings) -> Iterable[Right]:
    """The rights that the broker has for the platform's users."""
    parts = {f"User:{settings.kafka_login(part)[0]}": part for part in _PARTS}
    anything: tuple[Any, ...] = (  # the stubs do not know that None means any
        *(ResourceType.ANY, None, ResourcePatternType.ANY),
        *(None, None, AclOperation.ANY, AclPermissionType.ANY),
    )
    everything = AclBindingFilter(*anything)
    for acl in admin.describe_acls(everything, request_timeout=_ANSWER_S).result():
        if acl.principal in parts:
            yield Right(parts[acl.principal], acl.operation.name, acl.restype.name, acl.name)


def _binding(right: Right, settings: Settings) -> AclBinding:
    return AclBinding(*_fields(right, settings))


def _filter(right: Right, settings: Settings) -> AclBindingFilter:
    return AclBindingFilter(*_fields(right, settings))


def _fields(right: Right, settings: Settings) -> tuple[Any, ...]:
    return (
        ResourceType[right.resource],
        right.name,
        ResourcePatternType.LITERAL,
        f"User:{settings.kafka_login(right.part)[0]}",
        "*",
        AclOperation[right.operation],
        AclPermissionType.ALLOW,
    )


def _wait(answers: Mapping[Any, Future[Any]]) -> None:
    for answer in answers.values():
        answer.result(_ANSWER_S)
