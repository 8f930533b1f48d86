"""Secrets are made once, kept closed, and come out as a shell can read them."""

import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from fraud_core.errors import StackError
from fraud_core.settings import Settings
from fraud_local import env_file


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    values = {"PLAIN": "abc", "DIFFICULT": 'it\'s \\ a "b" #c $d =e'}
    env_file.write(tmp_path / "env", values)
    assert env_file.read(tmp_path / "env") == values


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    env_file.write(tmp_path / "env", {"A_PASSWORD": "secret"})
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["two\nlines", "a${HOME}b"])
def test_a_value_that_would_be_read_back_differently_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(StackError, match="A_PASSWORD") as error:
        env_file.write(tmp_path / "env", {"A_PASSWORD": value})
    assert value not in str(error.value)


def test_secrets_are_random_and_made_once() -> None:
    first = secrets(settings(), {})
    assert secrets(settings(), first) == first
    assert secrets(settings(), {}) != first
    assert len(set(first.values())) == len(first)


def test_a_password_that_the_user_set_is_kept() -> None:
    given = settings(analyst_password=SecretStr("mine"))
    known = secrets(settings(), {})
    assert secrets(given, known)["ANALYST_PASSWORD"] == "mine"


@pytest.mark.parametrize("field", env_file.SECRETS)
def test_every_secret_that_the_user_set_is_written_for_the_parts(field: str) -> None:
    written = secrets(settings(**{field: SecretStr("mine")}), {})
    assert written[field.upper()] == "mine"


def test_every_kind_of_secret_is_among_them() -> None:
    ours = {"pseudonym_key", "notify_webhook_url", "smtp_password", "kafka_admin_password"}
    assert ours < set(env_file.SECRETS)
    assert set(env_file.PASSWORDS) < set(env_file.SECRETS)
    assert not {"postgres_user", "kafka_ca_file", "smtp_host"} & set(env_file.SECRETS)


def test_a_secret_that_only_the_user_can_give_is_not_remembered() -> None:
    known = {"SMTP_PASSWORD": "of yesterday"}
    assert "SMTP_PASSWORD" not in secrets(settings(), known)


def test_what_outlives_the_stack_is_what_it_could_have_made_up() -> None:
    made_up = secrets(settings(), {})
    given = {"KAFKA_ADMIN_PASSWORD": "mine", "NOTIFY_WEBHOOK_URL": "mine", "POSTGRES_HOST": "db"}
    assert env_file.kept_for_good(given | made_up) == made_up


def test_a_secret_with_two_values_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SMTP_PASSWORD=one\nPSEUDONYM_KEY=\nSMTP_HOST=mail\n")
    with pytest.raises(StackError, match=r"SMTP_PASSWORD .*unset one") as error:
        env_file.refuse_two_values({"SMTP_PASSWORD": "hunter2"}, tmp_path / ".env")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("name", ["SMTP_PASSWORD", "PSEUDONYM_KEY", "SMTP_HOST"])
def test_one_value_in_two_places_is_no_harm(tmp_path: Path, name: str) -> None:
    (tmp_path / ".env").write_text("SMTP_PASSWORD=one\nPSEUDONYM_KEY=\nSMTP_HOST=mail\n")
    env_file.refuse_two_values({name: "one", "DBT_PASSWORD": ""}, tmp_path / ".env")


def test_no_password_is_made_up_for_the_owner_of_an_existing_server() -> None:
    assert "POSTGRES_PASSWORD" not in env_file.with_secrets(settings(), {}, own_server=False)


def test_a_shell_gets_the_values_as_they_are() -> None:
    lines = env_file.exports(
        settings(
            kafka_bootstrap_servers="127.0.0.1:9092",
            postgres_password=SecretStr("it's $HOME"),
        )
    )
    done = subprocess.run(
        ["/bin/sh", "-c", f'{lines}\nprintf %s "$POSTGRES_PASSWORD|$PGPASSWORD"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "it's $HOME|it's $HOME"


def test_what_is_not_known_is_not_exported() -> None:
    assert "AIRFLOW_URL" not in env_file.exports(settings())


def test_a_shell_hears_where_the_consumer_is_watched_without_its_setting() -> None:
    """METRICS_PORT itself would make a second consumer of that shell want the same port."""
    lines = env_file.exports(settings(), "http://127.0.0.1:9464/metrics").splitlines()
    assert "export CONSUMER_METRICS_URL=http://127.0.0.1:9464/metrics" in lines
    assert not [line for line in lines if "METRICS_PORT" in line]


def secrets(given: Settings, known: dict[str, str]) -> dict[str, str]:
    return env_file.with_secrets(given, known, own_server=True)


def settings(**values: object) -> Settings:
    return Settings.model_construct(**values)  # pyright: ignore[reportArgumentType] - only what a test is about
