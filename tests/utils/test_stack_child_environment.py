"""What supervised processes inherit, and what they must not."""

from pathlib import Path

import pytest

from fraud_core.settings import Settings
from fraud_local.child_environment import for_children, for_supervisor
from fraud_local.survivors import MARKER

SETTINGS = Settings.model_construct(
    kafka_bootstrap_servers="127.0.0.1:9094",
    postgres_host="127.0.0.1",
    postgres_port=5433,
    fraud_project=Path("/clone"),
)


def test_another_stacks_variables_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("PGPASSWORD", "secret")
    inherited = for_supervisor("/clone/.fraud")
    assert inherited[MARKER] == "/clone/.fraud"
    assert not {"KAFKA_BOOTSTRAP_SERVERS", "PGPASSWORD"} & inherited.keys()


def test_children_get_this_stacks_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    environment = for_children(SETTINGS, Path("/clone/.fraud"))
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:9094"
    assert environment["POSTGRES_PORT"] == "5433"
    assert environment["FRAUD_HOME"] == "/clone/.fraud"


def test_children_get_what_the_user_set_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSUMER_BATCH_ROWS", "17")
    monkeypatch.setenv("CONSUMER_PASSWORD", "secret")
    environment = for_children(SETTINGS, Path("/clone/.fraud"))
    assert environment["CONSUMER_BATCH_ROWS"] == "17"
    assert "secret" not in environment.values()


def test_a_proxy_does_not_get_what_is_meant_for_ourselves() -> None:
    assert "127.0.0.1" in for_children(SETTINGS, Path("/clone/.fraud"))["NO_PROXY"]
