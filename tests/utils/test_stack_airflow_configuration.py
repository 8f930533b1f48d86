"""Airflow's configuration file says what the stack means."""

import configparser
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from fraud_core.settings import Settings
from fraud_local.airflow import as_file, configuration
from fraud_local.airflow_container import LOGS, sections
from fraud_local.env_file import AIRFLOW_FERNET_KEY, AIRFLOW_SIGNING_SECRET

SECRETS = {AIRFLOW_FERNET_KEY: "fernet", AIRFLOW_SIGNING_SECRET: "signing"}


def settings(**values: Any) -> Settings:
    defaults: dict[str, Any] = {
        "airflow_url": "http://127.0.0.1:8085",
        "postgres_host": "127.0.0.1",
        "airflow_db_password": SecretStr("secret"),
    }
    return Settings.model_construct(**defaults | values)


def test_the_api_server_listens_on_loopback_at_the_port_of_its_address() -> None:
    api = configuration(settings(), Path("/home"), SECRETS)["api"]
    assert (api["host"], api["port"]) == ("127.0.0.1", "8085")


def test_there_is_no_example_dag_and_no_telemetry() -> None:
    sections = configuration(settings(), Path("/home"), SECRETS)
    assert sections["core"]["load_examples"] is False
    assert sections["usage_data_collection"]["enabled"] is False


def test_a_password_with_signs_of_addresses_and_of_airflow_itself_survives() -> None:
    odd = settings(airflow_db_password=SecretStr("p@ss:w/rd%"))
    text = as_file(configuration(odd, Path("/home"), SECRETS))
    parser = configparser.ConfigParser()  # expands % as Airflow does
    parser.read_string(text)
    url = parser["database"]["sql_alchemy_conn"]
    assert url == (
        "postgresql+psycopg2://fraud_airflow:p%40ss%3Aw%2Frd%25@127.0.0.1:5432/airflow"
        "?sslmode=prefer"
    )


def test_airflow_verifies_the_server_as_everybody_does() -> None:
    tls = settings(postgres_sslmode="verify-full", postgres_ca_file=Path("/etc/our ca.pem"))
    url = configuration(tls, Path("/home"), SECRETS)["database"]["sql_alchemy_conn"]
    assert str(url).endswith("?sslmode=verify-full&sslrootcert=%2Fetc%2Four+ca.pem")


def test_parsing_logs_where_housekeeping_can_forget_it_in_containers_too() -> None:
    """Elsewhere their disks are memory, and housekeeping runs in another one than parsing."""
    logging = sections(settings(), Path("/home"), SECRETS, "api")["logging"]
    folder = logging["dag_processor_child_process_log_directory"]
    assert folder == LOGS / "dag_processor"
