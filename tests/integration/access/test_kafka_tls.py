"""Kafka's TLS listeners, with certificates of an authority of our own."""

from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage] - confluent_kafka has it without naming it
from kafka_clients import writes

from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings
from fraud_local.certificates import make_certificates
from fraud_local.ports import LOOPBACK

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def refused(client: dict[str, str]) -> str:
    """What the client says on failing to get in."""
    said: list[str] = []

    def note(error: KafkaError) -> None:
        said.append(str(error))

    configuration: dict[str, Any] = {**client, "error_cb": note, "log_level": 0}
    admin = AdminClient(configuration)
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=5)
    admin.poll(1)
    return " ".join(said)


def test_a_client_that_trusts_the_authority_writes_over_tls(
    encrypted: tuple[Settings, int],
) -> None:
    settings, _ = encrypted

    assert writes(settings.kafka_client(KafkaPart.PRODUCER), settings.kafka_topic_transactions)


def test_a_client_that_trusts_another_authority_is_kept_away(
    encrypted: tuple[Settings, int], tmp_path: Path
) -> None:
    make_certificates(tmp_path, [LOOPBACK])
    other = encrypted[0].model_copy(update={"kafka_ca_file": tmp_path / "authority.pem"})

    assert "certificate verify failed" in refused(other.kafka_client(KafkaPart.PRODUCER))


def test_a_server_with_the_certificate_of_another_host_is_not_taken_for_the_broker(
    encrypted: tuple[Settings, int],
) -> None:
    settings, elsewhere = encrypted
    wrong = settings.model_copy(update={"kafka_bootstrap_servers": f"{LOOPBACK}:{elsewhere}"})

    assert "certificate verify failed" in refused(wrong.kafka_client(KafkaPart.PRODUCER))


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "PLAINTEXT"])
def test_without_tls_nobody_gets_in(encrypted: tuple[Settings, int], protocol: str) -> None:
    plain = encrypted[0].model_copy(update={"kafka_security_protocol": protocol})

    with pytest.raises(KafkaException):
        AdminClient({**plain.kafka_client(KafkaPart.PRODUCER), "log_level": 0}).list_topics(
            timeout=5
        )
