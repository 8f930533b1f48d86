"""With the second compose file everybody who talks to Kafka or Postgres does so over TLS."""

from typing import Any

import pytest
import yaml

from fraud_core.settings import REPOSITORY

BASE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
FILE = REPOSITORY / "kafka/broker/docker-compose.tls.yml"
TLS: dict[str, Any] = yaml.safe_load(FILE.read_text())
CLIENTS = sorted(
    name
    for name, service in BASE["services"].items()
    if "POSTGRES_HOST" in (service.get("environment") or {})
)


def test_whoever_is_told_of_postgres_is_told_to_verify_it() -> None:
    assert CLIENTS
    assert set(CLIENTS) == set(TLS["services"]) - {"kafka", "postgres"}


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_verifies_both_servers(name: str) -> None:
    told = TLS["services"][name]["environment"]

    assert told["KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
    assert told["POSTGRES_SSLMODE"] == "verify-full"
    assert told["KAFKA_CA_FILE"] == told["POSTGRES_CA_FILE"] == "/run/secrets/authority"
    assert "authority" in TLS["services"][name]["secrets"]


def test_no_listener_is_left_without_tls_but_the_controllers() -> None:
    lines = (REPOSITORY / "kafka/broker/tls.properties").read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    listeners = dict(
        listener.split(":") for listener in values["listener.security.protocol.map"].split(",")
    )

    assert listeners.pop("CONTROLLER") == "PLAINTEXT"
    assert set(listeners.values()) == {"SASL_SSL"}


def test_postgres_takes_no_connection_without_tls() -> None:
    lines = (REPOSITORY / "postgres/tls/pg_hba.conf").read_text().splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]

    assert {rule[0] for rule in rules} == {"local", "hostssl"}
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}


def test_no_server_gets_the_authoritys_key() -> None:
    files = {found["file"].rpartition("/")[2] for found in TLS["secrets"].values()}

    assert files == {"authority.pem", "kafka_certificate", "postgres_certificate", "postgres_key"}
