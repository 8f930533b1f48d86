"""The logins that `fraud topics` makes are those that the parts come with."""

# confluent_kafka.admin has these without naming them in __all__.
# pyright: reportPrivateImportUsage=false
from concurrent.futures import Future
from typing import Any
from unittest.mock import Mock

import pytest
from confluent_kafka.admin import ScramMechanism, UserScramCredentialUpsertion
from pydantic import SecretStr

from fraud_core.settings import Settings
from fraud_local import kafka_provisioning


class Admin:
    """Notes the logins that it is asked for, and has all rights already."""

    asked: list[UserScramCredentialUpsertion]

    def __init__(self, _: dict[str, Any]) -> None:
        Admin.asked = []

    def alter_user_scram_credentials(self, wanted: list[Any]) -> dict[str, Future[None]]:
        """All of it succeeds."""
        Admin.asked += wanted
        done: Future[None] = Future()
        done.set_result(None)
        return {"all": done}


@pytest.mark.parametrize(
    ("mechanism", "expected"),
    [
        ("SCRAM-SHA-512", ScramMechanism.SCRAM_SHA_512),
        ("SCRAM-SHA-256", ScramMechanism.SCRAM_SHA_256),
        ("PLAIN", ScramMechanism.SCRAM_SHA_512),  # the admin's alone, who makes the others
    ],
)
def test_logins_are_made_for_the_mechanism_that_clients_use(
    monkeypatch: pytest.MonkeyPatch, mechanism: Any, expected: ScramMechanism
) -> None:
    monkeypatch.setattr(kafka_provisioning, "AdminClient", Admin)
    monkeypatch.setattr(kafka_provisioning, "ensure_topics", Mock(return_value=[]))
    monkeypatch.setattr(kafka_provisioning, "_set_rights", Mock(return_value=([], [])))
    passwords: dict[str, Any] = {
        f"kafka_{part}_password": SecretStr(f"of {part}")
        for part in ("admin", "producer", "consumer", "replay")
    }
    settings = Settings.model_construct(
        kafka_bootstrap_servers="broker.example:9093",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism=mechanism,
        **passwords,
    )
    done = kafka_provisioning.provision(settings)
    assert done.logins == ["fraud-producer", "fraud-consumer", "fraud-replay"]
    assert [found.scram_credential_info.mechanism for found in Admin.asked] == [expected] * 3
