"""What supervised processes inherit, and what they must not."""

from pathlib import Path

import pytest

from fraud_core.settings import Settings
from fraud_local.child_environment import for_children, for_supervisor, inherited
from fraud_local.env_file import SECRETS
from fraud_local.survivors import MARKER

SETTINGS = Settings.model_construct(
    kafka_bootstrap_servers="127.0.0.1:9094",
    postgres_host="127.0.0.1",
    postgres_port=5433,
    fraud_project=Path("/clone"),
)
ROOT = Path("/clone/.fraud")


def test_another_stacks_variables_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("PGPASSWORD", "secret")
    inherited = for_supervisor("/clone/.fraud")
    assert inherited[MARKER] == "/clone/.fraud"
    assert not {"KAFKA_BOOTSTRAP_SERVERS", "PGPASSWORD"} & inherited.keys()


def test_children_get_this_stacks_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    environment = for_children(SETTINGS, ROOT, {})
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == "127.0.0.1:9094"
    assert environment["POSTGRES_PORT"] == "5433"
    assert environment["FRAUD_HOME"] == "/clone/.fraud"


def test_children_get_what_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSUMER_BATCH_ROWS", "17")
    assert for_children(SETTINGS, ROOT, {})["CONSUMER_BATCH_ROWS"] == "17"


@pytest.mark.parametrize("field", SECRETS)
def test_no_child_gets_a_secret(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(field.upper(), "secret")
    given = {field.upper(): "secret"}
    assert "secret" not in for_children(SETTINGS, ROOT, given).values()
    assert "secret" not in inherited().values()


def test_a_changed_secret_is_a_changed_environment() -> None:
    """The supervisor restarts what has one, so that the new secret is read."""
    first = for_children(SETTINGS, ROOT, {"PSEUDONYM_KEY": "first"})
    assert first == for_children(SETTINGS, ROOT, {"PSEUDONYM_KEY": "first"})
    assert first != for_children(SETTINGS, ROOT, {"PSEUDONYM_KEY": "second"})


def test_a_proxy_does_not_get_what_is_meant_for_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert for_children(SETTINGS, ROOT, {})["NO_PROXY"] == "127.0.0.1,localhost"


def test_hosts_that_the_user_reaches_without_a_proxy_stay_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "hooks.example")
    environment = for_children(SETTINGS, ROOT, {})
    assert environment["NO_PROXY"] == environment["no_proxy"] == "hooks.example,127.0.0.1,localhost"


@pytest.mark.parametrize(
    "name", ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW_CONFIG", "DBT_TARGET", "PGHOSTADDR"]
)
def test_another_airflow_dbt_or_psql_of_the_user_stays_out(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "elsewhere")
    assert name not in {**inherited(), **for_children(SETTINGS, ROOT, {})}
