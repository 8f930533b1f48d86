"""A broker that the user already runs: asked with the login and TLS that it needs."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from confluent_kafka import KafkaException
from pydantic import SecretStr

from fraud_core.errors import SettingsError, StackError
from fraud_core.settings import Settings
from fraud_local import status, topics
from fraud_local.bring_up import BringUp
from fraud_local.layout import Plan
from fraud_local.parts import Parts
from fraud_local.reporter import Silent
from fraud_local.stack import Stack

LOGIN = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "SCRAM-SHA-512",
    "sasl.username": "fraud-admin",
    "sasl.password": "right",
    "ssl.ca.location": "/ca.pem",
}


OF_THE_CONSUMER = {**LOGIN, "sasl.username": "fraud-consumer", "sasl.password": "read"}


class SecuredBroker:
    """Knows two logins, answers nobody else, and lets one of them make topics."""

    topics: ClassVar[set[str]] = set()

    def __init__(self, client: dict[str, Any], **_: object) -> None:
        self._client = client

    def list_topics(self, **_: object) -> SimpleNamespace:
        """Of a cluster, to those who are let in."""
        if not any(known.items() <= self._client.items() for known in (LOGIN, OF_THE_CONSUMER)):
            raise KafkaException("refused")
        return SimpleNamespace(cluster_id="theirs", topics=self.topics)

    def create_topics(self, *_: object, **__: object) -> dict[str, object]:
        """All are there."""
        assert LOGIN.items() <= self._client.items()
        return {}


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every admin's client talks to the secured broker."""
    monkeypatch.setattr(topics, "AdminClient", SecuredBroker)


def settings(password: str | None, of_the_consumer: str | None = None) -> Settings:
    return Settings.model_construct(
        kafka_bootstrap_servers="broker.example:9093",
        kafka_security_protocol="SASL_SSL",
        kafka_ca_file=Path("/ca.pem"),
        kafka_admin_password=SecretStr(password) if password else None,
        kafka_consumer_password=SecretStr(of_the_consumer) if of_the_consumer else None,
    )


def up(given: Settings) -> None:
    """The way up of Kafka alone, where it is somebody else's."""
    kafka = frozenset({"kafka"})
    BringUp(
        plan=Plan(kafka, kafka),
        parts=Parts(None, None, None, None),
        settings=given,
        secrets={},
        client=cast("Any", None),
        waiter=cast("Any", None),
        cancelled=threading.Event(),
        reporter=Silent(),
        cluster_id="ours",
    ).run()


def state(given: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `fraud status` says of that broker."""
    monkeypatch.setattr(status, "consumer_lag", _unknown)
    stack = SimpleNamespace(
        is_up=lambda: True,
        settings=lambda: given,
        programs=list,
        metrics_url=lambda: None,
        outside=lambda: {"kafka"},
    )
    (part,) = status.stack_status(cast("Stack", stack)).parts
    return part.state


def _unknown(_: Settings) -> None:
    return None


def test_the_way_up_logs_in_as_the_admin() -> None:
    up(settings("right"))


def test_a_refused_login_names_the_variables_to_look_at() -> None:
    with pytest.raises(StackError, match=r"fraud-admin over SASL_SSL .*KAFKA_ADMIN_PASSWORD"):
        up(settings("wrong"))


def test_a_missing_login_is_named() -> None:
    with pytest.raises(SettingsError, match="KAFKA_ADMIN_PASSWORD is not set"):
        up(settings(None))


def test_without_the_admin_the_consumer_sees_that_the_topics_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SecuredBroker, "topics", {"transactions_raw", "transaction_labels"})
    with pytest.raises(StackError) as refused:
        up(settings(None, "read"))
    assert "transactions_flagged, transactions_dead_letter" in str(refused.value)
    assert "KAFKA_ADMIN_PASSWORD" in str(refused.value)

    monkeypatch.setattr(SecuredBroker, "topics", set(settings(None).topics.live))
    up(settings(None, "read"))
    with pytest.raises(StackError, match=r"fraud-consumer over SASL_SSL .*KAFKA_CONSUMER_PASSWORD"):
        up(settings(None, "wrong"))


@pytest.mark.parametrize(
    ("password", "expected"),
    [("right", status.OUTSIDE), ("wrong", status.UNREACHABLE), (None, status.UNREACHABLE)],
)
def test_the_status_is_asked_with_the_login(
    monkeypatch: pytest.MonkeyPatch, password: str | None, expected: str
) -> None:
    assert state(settings(password), monkeypatch) == expected
