"""A broker that asks for logins, with the containers' own settings."""

from collections.abc import Generator
from pathlib import Path

import pytest
from free_ports import free_ports
from guarded_broker import LISTENERS, guarded_broker

from fraud_core.kafka_access import KafkaPart
from fraud_core.settings import Settings, load_settings
from fraud_local.certificates import make_certificates
from fraud_local.kafka_provisioning import provision
from fraud_local.make_secrets import make_secrets
from fraud_local.ports import LOOPBACK


def guarded_settings(home: Path, port: int) -> Settings:
    """Settings for that broker, with the secrets of `home`."""
    return load_settings(
        fraud_home=home,
        fraud_secrets=home / "secrets",
        kafka_bootstrap_servers=f"{LOOPBACK}:{port}",
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_partitions=1,
    )


def as_admin(settings: Settings) -> Settings:
    """The admin logs in by PLAIN: it is there before there are any other logins."""
    return settings.model_copy(update={"kafka_sasl_mechanism": "PLAIN"})


@pytest.fixture(scope="session")
def guarded(
    settings: Settings,  # noqa: ARG001 - the jars are fetched by then
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[Settings]:
    """A broker after `fraud topics`."""
    home = tmp_path_factory.mktemp("guarded")
    make_secrets(home / "secrets")
    ports = free_ports(*LISTENERS)
    found = guarded_settings(home, ports["outside"])
    admin = as_admin(found)
    with guarded_broker(home, ports, admin.kafka_client(KafkaPart.ADMIN), tls=False):
        provision(admin)
        yield found


@pytest.fixture(scope="session")
def encrypted(
    settings: Settings,  # noqa: ARG001 - the jars are fetched by then
    tmp_path_factory: pytest.TempPathFactory,
) -> Generator[tuple[Settings, int]]:
    """A broker with TLS, and the port of a listener whose certificate is for another host."""
    home = tmp_path_factory.mktemp("encrypted")
    secrets = home / "secrets"
    make_secrets(secrets)
    make_certificates(secrets, ["elsewhere.example"])
    wrong = home / "elsewhere.pem"
    (secrets / "kafka_certificate").rename(wrong)
    make_certificates(secrets, ["localhost", LOOPBACK])
    # In a container it is mounted under this name.
    (secrets / "authority").write_bytes((secrets / "authority.pem").read_bytes())
    ports = free_ports(*LISTENERS)
    found = guarded_settings(home, ports["outside"]).model_copy(
        update={
            "kafka_security_protocol": "SASL_SSL",
            "kafka_ca_file": secrets / "authority.pem",
        }
    )
    admin = as_admin(found)
    more = elsewhere_listener(ports, wrong)
    with guarded_broker(home, ports, admin.kafka_client(KafkaPart.ADMIN), tls=True, more=more):
        provision(admin)
        yield found, ports["elsewhere"]


def elsewhere_listener(ports: dict[str, int], certificate: Path) -> str:
    """A further listener, like the others but for its certificate."""
    addresses = ",".join(
        f"{name.upper()}://{LOOPBACK}:{ports[name]}" for name in ("inside", "outside", "elsewhere")
    )
    jaas = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return f"""
listeners={addresses},CONTROLLER://{LOOPBACK}:{ports["controller"]}
advertised.listeners={addresses}
listener.security.protocol.map=INSIDE:SASL_SSL,OUTSIDE:SASL_SSL,ELSEWHERE:SASL_SSL,CONTROLLER:PLAINTEXT
listener.name.elsewhere.ssl.keystore.type=PEM
listener.name.elsewhere.ssl.keystore.location={certificate}
listener.name.elsewhere.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.elsewhere.scram-sha-512.sasl.jaas.config={jaas}
"""
