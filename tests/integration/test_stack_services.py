"""The services that the embedded stack gives to everything else."""

import pytest
from confluent_kafka import Consumer, Producer

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.topics import admin_client

pytestmark = pytest.mark.integration


def test_a_message_goes_through_the_broker(settings: Settings, topic: str) -> None:
    servers = settings.bootstrap_servers()
    producer = Producer({"bootstrap.servers": servers, "compression.type": "zstd"})
    producer.produce(topic, b"an order", key=b"a customer")
    assert producer.flush(30) == 0

    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": topic, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    message = consumer.poll(30)
    consumer.close()

    assert message is not None
    assert message.value() == b"an order"


def test_the_streams_topics_have_the_partitions_of_the_settings(settings: Settings) -> None:
    topics = admin_client(settings.bootstrap_servers()).list_topics(timeout=10).topics
    for name in (settings.kafka_topic_transactions, settings.kafka_topic_labels):
        assert len(topics[name].partitions) == settings.kafka_partitions


@pytest.mark.parametrize("role", list(Role))
def test_every_role_logs_in_with_its_password(settings: Settings, role: Role) -> None:
    connection = connect(settings, role, application="tests")
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == (settings.login(role)[0],)
    connection.close()


def test_the_owner_is_no_superuser(settings: Settings) -> None:
    connection = connect(settings, Role.OWNER, application="tests")
    with connection.cursor() as cursor:
        cursor.execute("select rolsuper from pg_roles where rolname = current_user")
        assert cursor.fetchone() == (False,)
    connection.close()


def test_postgres_checks_its_pages_and_keeps_fsync_on(settings: Settings) -> None:
    connection = connect(settings, Role.OWNER, application="tests")
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('data_checksums'), current_setting('fsync')")
        assert cursor.fetchone() == ("on", "on")
    connection.close()
