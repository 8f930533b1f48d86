"""Settings: one class, every variable documented, and errors that name the variable."""

import re
from pathlib import Path

import pytest

from fraud_core.errors import SettingsError
from fraud_core.settings import REPOSITORY, Role, Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment in which no variable of ours is set; gives the state folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("FRAUD_HOME", str(tmp_path))
    return tmp_path


def test_example_file_names_exactly_the_variables_that_exist() -> None:
    text = (REPOSITORY / ".env.example").read_text()
    documented = re.findall(r"^#?([A-Z][A-Z_]+)=", text, flags=re.MULTILINE)
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    ours = {name.upper() for name in Settings.model_fields}
    assert sorted(documented) == sorted(ours | set(re.findall(r"\$\{([A-Z_]+)", compose)))


def test_example_file_shows_the_defaults() -> None:
    text = (REPOSITORY / ".env.example").read_text()
    shown = dict(re.findall(r"^([A-Z][A-Z_]+)=(.+)$", text, flags=re.MULTILINE))
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert {name: str(defaults[name]) for name in shown} == shown


def test_example_file_holds_no_password() -> None:
    text = (REPOSITORY / ".env.example").read_text()
    assert re.findall(r"PASSWORD=\S+", text) == []


def test_no_password_has_a_default() -> None:
    fields = {n: f for n, f in Settings.model_fields.items() if "password" in n}
    assert fields
    assert all(field.default is None for field in fields.values())


def test_wrong_value_names_the_variable_and_what_is_expected(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.is_dir()
    monkeypatch.setenv("POSTGRES_PORT", "fife")
    with pytest.raises(SettingsError, match=r"POSTGRES_PORT: .*integer.*'fife'"):
        load_settings()


def test_wrong_secret_is_not_shown(settings: Path) -> None:
    assert settings.is_dir()
    with pytest.raises(SettingsError) as caught:
        load_settings(postgres_password=["hunter2"])
    assert "POSTGRES_PASSWORD" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("role", "variable"),
    [
        (Role.OWNER, "POSTGRES_PASSWORD"),
        (Role.CONSUMER, "CONSUMER_PASSWORD"),
        (Role.DBT, "DBT_PASSWORD"),
        (Role.ANALYST, "ANALYST_PASSWORD"),
        (Role.AIRFLOW, "AIRFLOW_DB_PASSWORD"),
    ],
)
def test_missing_password_names_its_variable(settings: Path, role: Role, variable: str) -> None:
    assert settings.is_dir()
    with pytest.raises(SettingsError, match=f"^{variable} is not set"):
        load_settings(postgres_host="127.0.0.1").connection(role)


def test_missing_broker_names_its_variable_and_the_way_out(settings: Path) -> None:
    assert settings.is_dir()
    with pytest.raises(SettingsError, match=r"KAFKA_BOOTSTRAP_SERVERS is not set: run `fraud up`"):
        load_settings().bootstrap_servers()


def test_environment_wins_over_the_embedded_stack(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings / "env").write_text("POSTGRES_HOST=127.0.0.1\nPOSTGRES_PORT=5433\n")
    monkeypatch.setenv("POSTGRES_HOST", "db.example")
    loaded = load_settings()
    assert (loaded.postgres_host, loaded.postgres_port) == ("db.example", 5433)


def test_a_port_alone_does_not_lead_clients_past_the_embedded_server(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says where that one shall listen, which it may not yet do, or not have been able to."""
    monkeypatch.setenv("POSTGRES_PORT", "6000")
    assert load_settings().postgres_port == 6000
    (settings / "env").write_text("POSTGRES_HOST='127.0.0.1'\nPOSTGRES_PORT='5433'\n")
    loaded = load_settings()
    assert (loaded.postgres_host, loaded.postgres_port) == ("127.0.0.1", 5433)


def test_a_host_and_a_port_win_over_the_embedded_server(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings / "env").write_text("POSTGRES_HOST=127.0.0.1\nPOSTGRES_PORT=5433\n")
    monkeypatch.setenv("POSTGRES_HOST", "db.example")
    monkeypatch.setenv("POSTGRES_PORT", "6000")
    loaded = load_settings()
    assert (loaded.postgres_host, loaded.postgres_port) == ("db.example", 6000)


def test_two_parts_cannot_share_a_login(settings: Path) -> None:
    assert settings.is_dir()
    with pytest.raises(SettingsError, match="error, DBT_USER and ANALYST_USER must differ"):
        load_settings(dbt_user="same", analyst_user="same")


def test_airflow_cannot_share_the_database_of_the_orders(settings: Path) -> None:
    with pytest.raises(SettingsError, match="POSTGRES_DB and AIRFLOW_DB must differ"):
        load_settings(fraud_home=settings, postgres_db="one", airflow_db="one")


@pytest.mark.parametrize("name", ["bad topic!", "..", "x" * 250, "größer"])
def test_a_topic_that_kafka_would_not_make_names_its_variable(settings: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"KAFKA_TOPIC_FLAGGED: .* a topic's name is"):
        load_settings(fraud_home=settings, kafka_topic_flagged=name)


@pytest.mark.parametrize("name", ["pg_consumer", "public", "none"])
def test_a_role_that_postgres_would_not_make_names_its_variable(settings: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"CONSUMER_USER: .* Postgres keeps"):
        load_settings(fraud_home=settings, consumer_user=name)


@pytest.mark.parametrize("use", ["labels", "flagged", "dead_letter", "replay"])
def test_two_topics_cannot_share_a_name(settings: Path, use: str) -> None:
    assert settings.is_dir()
    pair = f"error, KAFKA_TOPIC_TRANSACTIONS and KAFKA_TOPIC_{use.upper()} must differ"
    with pytest.raises(SettingsError, match=pair):
        load_settings(**{f"kafka_topic_{use}": "transactions_raw"})


def test_relative_paths_mean_the_same_place_whatever_folder_a_part_runs_in(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAUD_PROJECT", "/project")
    for name in ("EXPORT_URL", "KAFKA_CA_FILE", "POSTGRES_CA_FILE"):
        monkeypatch.setenv(name, "a/place")
    monkeypatch.chdir(settings)
    loaded = load_settings()
    assert loaded.export_url == "/project/a/place"
    assert loaded.kafka_ca_file == loaded.postgres_ca_file == Path("/project/a/place")


@pytest.mark.parametrize("url", ["s3://bucket/day", "file:/srv/exports", "memory://x", "/srv/x"])
def test_an_address_of_exports_stays_as_it_is(settings: Path, url: str) -> None:
    assert settings.is_dir()
    assert load_settings(export_url=url).export_url == url


def test_the_authorities_of_the_system_are_no_file(settings: Path) -> None:
    assert settings.is_dir()
    assert load_settings(postgres_ca_file="system").postgres_ca_file == Path("system")
