"""Who may do what in Kafka: the whole table, so that a new right fails until it is listed."""

from fraud_core.kafka_access import GROUP, KafkaPart, StreamTopics, rights
from fraud_core.settings import load_settings

TOPICS = StreamTopics("raw", "labels", "flagged", "dead", "replay")


def test_every_right_is_listed_here() -> None:
    assert sorted(f"{r.part} {r.operation} {r.resource} {r.name}" for r in rights(TOPICS)) == [
        "consumer DESCRIBE TOPIC dead",
        "consumer DESCRIBE TOPIC flagged",
        "consumer DESCRIBE TOPIC labels",
        "consumer DESCRIBE TOPIC raw",
        f"consumer READ GROUP {GROUP}",
        "consumer READ TOPIC labels",
        "consumer READ TOPIC raw",
        "consumer WRITE TOPIC dead",
        "consumer WRITE TOPIC flagged",
        "producer DESCRIBE TOPIC labels",
        "producer DESCRIBE TOPIC raw",
        "producer WRITE TOPIC labels",
        "producer WRITE TOPIC raw",
        "replay DESCRIBE TOPIC labels",
        "replay DESCRIBE TOPIC raw",
        "replay DESCRIBE TOPIC replay",
        "replay READ TOPIC labels",
        "replay READ TOPIC raw",
        "replay WRITE TOPIC replay",
    ]


def test_a_client_logs_in_as_its_part() -> None:
    settings = load_settings(
        kafka_bootstrap_servers="broker:9092",
        kafka_security_protocol="SASL_SSL",
        kafka_ca_file="/etc/ca.pem",
        kafka_producer_password="secret",
    )
    assert settings.kafka_client(KafkaPart.PRODUCER) == {
        "bootstrap.servers": "broker:9092",
        "reconnect.backoff.max.ms": "1000",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "fraud-producer",
        "sasl.password": "secret",
        "ssl.ca.location": "/etc/ca.pem",
    }


def test_without_logins_a_client_knows_the_broker_and_how_soon_to_come_back_to_it() -> None:
    settings = load_settings(kafka_bootstrap_servers="broker:9092")
    assert settings.kafka_client(KafkaPart.CONSUMER) == {
        "bootstrap.servers": "broker:9092",
        "reconnect.backoff.max.ms": "1000",
    }
