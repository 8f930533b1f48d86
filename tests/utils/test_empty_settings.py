"""Without secrets nothing starts: each part says which one it misses, and none has a default."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fraud_core.settings import REPOSITORY, Settings, load_settings

COMMANDS = {
    "consumer": (["fraud", "consume"], "KAFKA_CONSUMER_PASSWORD|CONSUMER_PASSWORD"),
    "migrate": (["fraud", "migrate"], "POSTGRES_PASSWORD"),
    "topics": (["fraud", "topics"], "KAFKA_ADMIN_PASSWORD"),
    "producer": (["fraud", "produce", "--orders", "1"], "KAFKA_PRODUCER_PASSWORD"),
    "dbt": (["fraud", "pipeline", "build", "--select", "raw"], "DBT_PASSWORD|PSEUDONYM_KEY"),
    "export": (["fraud", "export", "--day", "2026-01-01"], "DBT_PASSWORD"),
    "scheduler": (["python", "-m", "fraud_local.airflow_container", "scheduler"], "AIRFLOW"),
    "api-server": (["python", "-m", "fraud_local.airflow_container", "api-server"], "AIRFLOW"),
}

IN_A_CONTAINER = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "POSTGRES_HOST": "127.0.0.1",
    "POSTGRES_PORT": "9",
    "AIRFLOW_API_HOST": "airflow-apiserver",
    "LOG_FORMAT": "json",
}
"""What compose tells the parts; nothing listens on the discard port."""


@pytest.mark.parametrize(("command", "missing"), COMMANDS.values(), ids=COMMANDS)
def test_a_part_without_its_secrets_says_which_one_and_ends(
    command: list[str], missing: str, tmp_path: Path
) -> None:
    (tmp_path / "secrets").mkdir()
    given = {
        **IN_A_CONTAINER,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "FRAUD_HOME": str(tmp_path / "home"),
        "FRAUD_SECRETS": str(tmp_path / "secrets"),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
    }
    program, *arguments = command
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        env=given,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert any(name in said for name in missing.split("|")), said
    assert "is not set" in said
    assert "Traceback" not in said


def test_no_secret_has_a_default() -> None:
    secret = [
        field for field in Settings.model_fields.values() if "SecretStr" in str(field.annotation)
    ]

    assert len(secret) >= 12
    assert all(field.default is None for field in secret)


def test_the_example_gives_no_secret_away() -> None:
    lines = (REPOSITORY / ".env.example").read_text().splitlines()
    given = dict(line.lstrip("#").split("=", 1) for line in lines if "=" in line.split(" ")[0])
    words = ("PASSWORD", "SECRET", "KEY")

    secrets = {name: value for name, value in given.items() if name.endswith(words)}
    assert secrets
    assert not any(secrets.values()), secrets


def test_an_empty_secret_is_none(tmp_path: Path) -> None:
    (tmp_path / "consumer_password").write_text("\n")

    assert load_settings(fraud_home=tmp_path, fraud_secrets=tmp_path).consumer_password is None
