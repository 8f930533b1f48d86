"""The stack's secrets are in no log, no command line, no error text and nothing that Airflow shows.

Each is made at random by the stack, so that finding one somewhere means that it leaked there.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fraud_core.settings import REPOSITORY, Settings
from fraud_local import env_file
from fraud_local.airflow import as_file, configuration
from fraud_local.stack import Stack

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

COMMANDS = {
    "topics": ["topics"],
    "migrate": ["migrate"],
    "produce": ["produce", "--orders", "50"],
    "consume": ["consume", "--until-caught-up"],
    "status": ["status"],
    "build": ["pipeline", "build", "--select", "raw"],
}
BROKEN = {
    "a wrong password": {"CONSUMER_PASSWORD": "not-a-secret", "DBT_PASSWORD": "not-a-secret"},
    "no server": {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": "9"},
    "no broker": {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"},
    "no such database": {"POSTGRES_DB": "nowhere"},
    "a wrong setting": {"RETENTION_DAYS": "many", "PSEUDONYM_KEY": "short"},
}


@pytest.fixture(scope="module")
def settings(new_stack: Callable[[], Stack]) -> Settings:
    """A stack of its own: what its commands build would be in the way of the other tests."""
    return new_stack().up(only=["kafka", "postgres"])


@pytest.fixture(scope="module")
def secrets(settings: Settings) -> dict[str, str]:
    """All of them by name."""
    found = env_file.read(settings.fraud_home / "env")
    found = {name: value for name, value in found.items() if name not in env_file.ADDRESSES}
    assert found
    assert all(len(value) >= 20 for value in found.values())
    return found


def fraud(settings: Settings, words: list[str], seen: list[str], **changes: str) -> str:
    """Run a command as a user does, noting its processes' arguments; returns all that it says."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("fraud"), *words],
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME")},
            "FRAUD_HOME": str(settings.fraud_home),
            "LOG_LEVEL": "DEBUG",
            **changes,
        },
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while True:
            seen += arguments(process.pid)
            try:
                return process.communicate(timeout=0.5)[0]
            except subprocess.TimeoutExpired:
                continue
    finally:
        process.kill()


def arguments(pid: int) -> Iterator[str]:
    """What `ps` shows of a process and its children."""
    try:
        process = psutil.Process(pid)
        for found in (process, *process.children(recursive=True)):
            yield " ".join(found.cmdline())
    except psutil.NoSuchProcess:
        return


def leaks(secrets: dict[str, str], text: str) -> list[str]:
    return [name for name, secret in secrets.items() if secret in text]


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_command_says_a_secret_or_shows_it_to_ps(
    settings: Settings, secrets: dict[str, str], words: list[str]
) -> None:
    seen: list[str] = []
    said = fraud(settings, words, seen)

    assert seen
    assert leaks(secrets, said) == []
    assert leaks(secrets, "\n".join(seen)) == []


@pytest.mark.parametrize("words", [["migrate"], ["pipeline", "build", "--select", "raw"]])
@pytest.mark.parametrize("changes", BROKEN.values(), ids=BROKEN)
def test_no_error_says_a_secret(
    settings: Settings, secrets: dict[str, str], words: list[str], changes: dict[str, str]
) -> None:
    said = fraud(settings, words, [], **changes)

    assert leaks({**secrets, "given": "not-a-secret", "short": "'short'"}, said) == []


def test_no_log_holds_a_secret(settings: Settings, secrets: dict[str, str]) -> None:
    logs = [*settings.fraud_home.rglob("*.log*"), *settings.fraud_home.rglob("target/**/*")]
    texts = {str(log): log.read_text(errors="replace") for log in logs if log.is_file()}

    assert any("postgres" in name for name in texts)
    assert any("kafka" in name for name in texts)
    assert {name for name, text in texts.items() if leaks(secrets, text)} == set()


def test_no_process_of_the_stack_shows_a_secret(
    settings: Settings, secrets: dict[str, str]
) -> None:
    ours = [
        " ".join(process.info["cmdline"] or [])
        for process in psutil.process_iter(["cmdline"])
        if str(settings.fraud_home) in " ".join(process.info["cmdline"] or [])
    ]

    assert ours
    assert leaks(secrets, "\n".join(ours)) == []


def test_settings_do_not_tell_when_they_are_printed(
    settings: Settings, secrets: dict[str, str]
) -> None:
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"

    assert leaks(secrets, shown) == []


SHOW_DAGS = """
import json
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag("airflow/dags")
assert bag.dags and not bag.import_errors, bag.import_errors
for dag in bag.dags.values():
    print(json.dumps(DagSerialization.to_dict(dag), default=str))
    for task in dag.tasks:
        print([str(getattr(task, field, "")) for field in task.template_fields])
"""


@pytest.mark.parametrize("runner", ["local", "docker"])
def test_airflow_stores_and_renders_no_secret(
    settings: Settings, secrets: dict[str, str], runner: str, tmp_path: Path
) -> None:
    made = {name: secrets[name] for name in secrets if name.startswith("AIRFLOW_")}
    (tmp_path / "airflow.cfg").write_text(as_file(configuration(settings, tmp_path, made)))
    shown = subprocess.run(
        [sys.executable, "-c", SHOW_DAGS],
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME")},
            "AIRFLOW_HOME": str(tmp_path),
            "FRAUD_HOME": str(settings.fraud_home),
            "PYTHONPATH": str(REPOSITORY / "airflow/dags"),
            "TASK_RUNNER": runner,
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert shown.returncode == 0, shown.stderr[-2000:]
    assert "kafka_streaming_pipeline" in json.dumps(shown.stdout)
    assert leaks(secrets, shown.stdout + shown.stderr) == []
