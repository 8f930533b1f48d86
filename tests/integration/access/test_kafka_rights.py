"""Who may do what in Kafka: every right against a kept table, and each tried out on a broker."""

# confluent_kafka.admin has these without naming them in __all__.
# pyright: reportPrivateImportUsage=false
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic
from kafka_clients import commits, reads, writes
from role_rights import expected

from fraud_core.kafka_access import GROUP, KafkaPart, StreamTopics
from fraud_core.settings import Settings
from fraud_local.kafka_provisioning import provision

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

TABLE = Path(__file__).with_name("kafka_rights.txt")
PARTS = tuple(part for part in KafkaPart if part is not KafkaPart.ADMIN)
TOPICS = StreamTopics._fields
EVERYTHING = AclBindingFilter(
    *(ResourceType.ANY, None, ResourcePatternType.ANY),  # pyright: ignore[reportArgumentType] - None means any
    *(None, None, AclOperation.ANY, AclPermissionType.ANY),  # pyright: ignore[reportArgumentType] - the same
)


def as_admin(guarded: Settings) -> Settings:
    return guarded.model_copy(update={"kafka_sasl_mechanism": "PLAIN"})


def admin_of(guarded: Settings) -> AdminClient:
    return AdminClient({**as_admin(guarded).kafka_client(KafkaPart.ADMIN), "log_level": 0})


def listed(guarded: Settings) -> Iterator[str]:
    """Every rule that the broker has, of whomever, as the table writes it."""
    called = {f"User:{guarded.kafka_login(part)[0]}": str(part) for part in PARTS}
    admin = admin_of(guarded)  # must outlive its answers
    for acl in admin.describe_acls(EVERYTHING, request_timeout=20).result():
        who = called.get(acl.principal, acl.principal)
        line = f"{who:<8} {acl.operation.name:<8} {acl.restype.name.lower()} {acl.name}"
        usual = (
            acl.resource_pattern_type is ResourcePatternType.LITERAL
            and acl.permission_type is AclPermissionType.ALLOW
            and acl.host == "*"
        )
        yield line if usual else f"{line} {acl}"


def test_every_right_of_every_login_is_one_of_the_table(guarded: Settings) -> None:
    wanted, found = set(expected(TABLE.read_text())), set(listed(guarded))

    assert found == wanted


def test_what_was_granted_by_hand_is_seen_and_taken_away(guarded: Settings) -> None:
    by_hand = AclBinding(
        *(ResourceType.TOPIC, guarded.kafka_topic_transactions, ResourcePatternType.LITERAL),
        *(f"User:{guarded.kafka_consumer_user}", "*", AclOperation.WRITE, AclPermissionType.ALLOW),
    )
    admin = admin_of(guarded)
    for answer in admin.create_acls([by_hand]).values():
        answer.result(20)

    seen = set(listed(guarded)) - set(expected(TABLE.read_text()))
    done = provision(as_admin(guarded))

    assert seen == {f"consumer WRITE    topic {guarded.kafka_topic_transactions}"}
    assert [tuple(right) for right in done.revoked] == [
        ("consumer", "WRITE", "TOPIC", guarded.kafka_topic_transactions)
    ]
    assert set(listed(guarded)) == set(expected(TABLE.read_text()))


@pytest.mark.parametrize(("part", "topic"), list(product(PARTS, TOPICS)))
def test_a_login_writes_to_the_topics_that_the_table_gives_it_and_to_no_other(
    guarded: Settings, part: KafkaPart, topic: str
) -> None:
    name = getattr(guarded.topics, topic)
    in_table = f"{part:<8} WRITE    topic {name}" in expected(TABLE.read_text())

    assert writes(guarded.kafka_client(part), name) == in_table


@pytest.mark.parametrize(("part", "topic"), list(product(PARTS, TOPICS)))
def test_a_login_reads_the_topics_that_the_table_gives_it_and_no_other(
    guarded: Settings, part: KafkaPart, topic: str
) -> None:
    name = getattr(guarded.topics, topic)
    assert writes(as_admin(guarded).kafka_client(KafkaPart.ADMIN), name)
    in_table = f"{part:<8} READ     topic {name}" in expected(TABLE.read_text())

    assert reads(guarded.kafka_client(part), name) == in_table


def test_only_the_consumer_moves_its_groups_offsets(guarded: Settings) -> None:
    topic = guarded.kafka_topic_transactions
    allowed = {part: commits(guarded.kafka_client(part), topic, GROUP) for part in PARTS}

    assert allowed == {part: part is KafkaPart.CONSUMER for part in PARTS}
    assert not commits(guarded.kafka_client(KafkaPart.CONSUMER), topic, "another")


@pytest.mark.parametrize("part", PARTS)
def test_no_login_but_the_admins_makes_or_deletes_a_topic(
    guarded: Settings, part: KafkaPart
) -> None:
    admin = AdminClient({**guarded.kafka_client(part), "log_level": 0})
    made = admin.create_topics([NewTopic("mine", 1)])["mine"]
    with pytest.raises(KafkaException, match="AUTHORIZATION"):
        made.result(20)
    topic = guarded.kafka_topic_transactions
    with pytest.raises(KafkaException, match="AUTHORIZATION"):
        admin.delete_topics([topic])[topic].result(20)


@pytest.mark.parametrize(
    "login",
    [
        {},
        {"security.protocol": "SASL_PLAINTEXT", "sasl.password": "guessed"},
        {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"},
        {"security.protocol": "SASL_PLAINTEXT", "sasl.username": "fraud-admin"},
    ],
    ids=["no login", "a wrong password", "the admin's way in", "the admin's name"],
)
def test_nobody_gets_in_without_a_login_of_his_own(
    guarded: Settings, login: dict[str, str]
) -> None:
    client = guarded.kafka_client(KafkaPart.PRODUCER)
    given = {**client, **login} if login else {"bootstrap.servers": client["bootstrap.servers"]}

    with pytest.raises(KafkaException):
        AdminClient({**given, "log_level": 0}).list_topics(timeout=5)


def test_a_login_gets_in(guarded: Settings) -> None:
    client = guarded.kafka_client(KafkaPart.PRODUCER)
    found = AdminClient({**client, "log_level": 0}).list_topics(timeout=60).topics

    assert guarded.kafka_topic_transactions in found
    assert guarded.kafka_topic_flagged not in found
