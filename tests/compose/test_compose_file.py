"""What every service of docker-compose.yml is held to, without an engine."""

import json
import re
from typing import Any

import pytest
import yaml

from engine_gate.rules import Limits, bounded
from fraud_core.settings import REPOSITORY, Settings
from fraud_local.kafka import LOG4J
from fraud_local.make_secrets import GIVEN, NAMES
from fraud_local.postgres import CONFIGURATION

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
GATE = "engine-gate"
PUBLISHED = {"kafka", "postgres", "airflow-apiserver", "grafana"}
SCRAPERS = {"prometheus", "grafana"}
"""What they keep can be lost."""


ALARMING = {"airflow-scheduler", "airflow-dag-processor"}
"""Who speaks of missed deadlines and failed runs, to a webhook or a mailbox outside."""

OF_THE_CONTAINERS = {
    *("fraud_home", "fraud_project", "fraud_secrets", "export_url", "log_format"),
    *("kafka_bootstrap_servers", "kafka_security_protocol", "kafka_sasl_mechanism"),
    *("kafka_ca_file", "kafka_admin_user"),
    *("postgres_host", "postgres_port", "postgres_db", "postgres_user"),
    *("postgres_sslmode", "postgres_ca_file"),
    *("airflow_url", "task_runner", "task_image", "task_network", "task_engine_url"),
    *("metrics_port", "metrics_host"),
}
"""Settings that say where things are in the containers, or that compose reads for itself."""


DOCKERFILES = {
    found["image"]: (REPOSITORY / found["build"]["dockerfile"]).read_text()
    for found in SERVICES.values()
    if "build" in found
}
"""By image: each is built by one service, for all that run it."""


def test_our_images_are_built_once_and_never_asked_for_elsewhere() -> None:
    ours = [found for found in SERVICES.values() if found["image"].startswith("fraud-platform/")]
    assert sum("build" in found for found in SERVICES.values()) == len(DOCKERFILES) == 3
    assert {found["image"] for found in ours} == set(DOCKERFILES)
    assert all(found["pull_policy"] == "never" for found in ours)


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Each service with its name."""
    return request.param, SERVICES[request.param]


def test_nothing_can_be_written_but_volumes_and_memory(service: tuple[str, Any]) -> None:
    assert service[1]["read_only"] is True


def test_no_capability_is_kept_and_none_can_be_gained(service: tuple[str, Any]) -> None:
    assert service[1]["cap_drop"] == ["ALL"]
    assert "cap_add" not in service[1]
    assert service[1]["security_opt"] == ["no-new-privileges:true"]
    assert not service[1].get("privileged")


def test_memory_and_processes_are_limited(service: tuple[str, Any]) -> None:
    assert re.fullmatch(r"[1-9][0-9]*[mg]", service[1]["mem_limit"])
    assert service[1]["pids_limit"] == 512


def test_nobody_is_root_but_the_gate(service: tuple[str, Any]) -> None:
    name, found = service
    user = found.get("user")
    if user is None:
        (user,) = re.findall(r"^USER (\S+)$", DOCKERFILES[found["image"]], re.MULTILINE)
    assert re.fullmatch(r"[0-9]+:[0-9]+", user)
    assert (user == "0:0") == (name == GATE)


def test_nothing_of_the_host_is_shared(service: tuple[str, Any]) -> None:
    _, found = service
    assert not {"pid", "ipc", "network_mode", "devices", "userns_mode", "cgroup"} & found.keys()


def test_folders_of_the_checkout_are_only_read(service: tuple[str, Any]) -> None:
    mounts = [mount.split(":") for mount in service[1].get("volumes", [])]
    assert all(mount[-1] == "ro" for mount in mounts if mount[0].startswith("."))


def test_logs_cannot_fill_the_disk(service: tuple[str, Any]) -> None:
    assert {"max-size", "max-file"} <= service[1]["logging"]["options"].keys()


def test_a_service_comes_back_and_has_time_to_stop(service: tuple[str, Any]) -> None:
    found = service[1]
    assert found["restart"] in {"unless-stopped", "no"}
    if found.get("volumes") and found["restart"] != "no" and service[0] not in {GATE, *SCRAPERS}:
        assert int(found["stop_grace_period"].removesuffix("s")) >= 20


def test_a_task_is_as_locked_down_as_a_service() -> None:
    limits = Limits("image", network="network", volume="volume", memory_bytes=1 << 30)
    body = bounded(b'{"Image": "image"}', limits)
    assert isinstance(body, bytes)
    task = json.loads(body)["HostConfig"]
    like = SERVICES["tasks"]
    assert task["ReadonlyRootfs"] == like["read_only"]
    assert task["CapDrop"] == like["cap_drop"]
    assert task["SecurityOpt"] == like["security_opt"]
    assert list(task["Tmpfs"]) == like["tmpfs"]
    assert task["PidsLimit"] <= like["pids_limit"]
    assert task["Memory"] == 1 << 30
    assert "CapAdd" not in task


def test_only_the_gate_has_the_engines_socket(service: tuple[str, Any]) -> None:
    name, found = service
    mounts = " ".join(map(str, found.get("volumes", [])))
    assert ("docker.sock" in mounts) == (name == GATE)


def test_what_is_published_is_on_loopback(service: tuple[str, Any]) -> None:
    name, found = service
    ports = found.get("ports", [])
    assert bool(ports) == (name in PUBLISHED)
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_images_version_is_pinned(service: tuple[str, Any]) -> None:
    # ${VARIABLE:-NAME:TAG} says what runs unless somebody pins it by a digest
    image = re.sub(r"\$\{[A-Z_]+:-([^}]+)\}", r"\1", service[1]["image"])
    assert re.fullmatch(r"[a-z/-]+:v?[0-9]+[0-9a-z.-]*", image)


def test_a_service_says_how_it_is_or_runs_once(service: tuple[str, Any]) -> None:
    _, found = service
    check = found.get("healthcheck")
    if check is None:
        assert re.search(r"^HEALTHCHECK --", DOCKERFILES[found["image"]], re.MULTILINE)
    else:
        assert check.get("test") or (check.get("disable") and found["restart"] == "no")


def test_no_secret_is_a_variable(service: tuple[str, Any]) -> None:
    variables = service[1].get("environment", {})
    for name, value in variables.items():
        if re.search("PASSWORD|SECRET|KEY", name):
            assert str(value).startswith("/run/secrets")


def test_what_env_may_say_reaches_our_services_and_nothing_secret_does() -> None:
    secret = {name for name, field in Settings.model_fields.items() if "Secret" in str(field)}
    choices = {name.upper() for name in Settings.model_fields.keys() - OF_THE_CONTAINERS - secret}
    assert COMPOSE["x-choices"] == {name: f"${{{name}:-}}" for name in choices}
    for found in SERVICES.values():
        if "FRAUD_SECRETS" in (told := found.get("environment", {})):
            assert choices <= told.keys()


def test_every_secret_of_a_service_is_made(service: tuple[str, Any]) -> None:
    assert set(service[1].get("secrets", [])) <= {*NAMES, *GIVEN}


def test_each_secret_is_a_file_whose_absence_says_what_to_run() -> None:
    assert {name: secret["file"] for name, secret in COMPOSE["secrets"].items()} == {
        name: f"${{SECRETS_DIR:?run make secrets first}}/{name}" for name in (*NAMES, *GIVEN)
    }
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])


def test_the_network_of_the_parts_reaches_nothing_outside() -> None:
    assert COMPOSE["networks"]["backend"]["internal"] is True
    assert COMPOSE["networks"]["engine"] == {"internal": True}
    outside = {name for name, found in SERVICES.items() if "published" in found["networks"]}
    assert outside == PUBLISHED | ALARMING


@pytest.mark.parametrize("name", sorted(ALARMING))
def test_who_sends_alarms_knows_where_to(name: str) -> None:
    assert set(GIVEN) <= set(SERVICES[name]["secrets"])
    told = {"NOTIFY_EMAIL_TO", "NOTIFY_EMAIL_FROM", "SMTP_HOST", "SMTP_PORT", "SMTP_USER"}
    assert told <= SERVICES[name]["environment"].keys()


def test_services_wait_for_those_that_they_need_to_be_well() -> None:
    for name in ("consumer", "standby"):
        needed = SERVICES[name]["depends_on"]
        assert needed["kafka"] == {"condition": "service_healthy"}
        assert needed["postgres"] == {"condition": "service_healthy"}
        assert needed["migrate"] == {"condition": "service_completed_successfully"}
        assert needed["topics"] == {"condition": "service_completed_successfully"}


def test_no_image_keeps_what_could_build_or_install() -> None:
    for folder in ("kafka", "dbt", "airflow"):
        stages = (REPOSITORY / folder / "Dockerfile").read_text().split("\nFROM ")
        assert len(stages) == 3  # what stands before the first FROM, the build, the image
        assert "apt-get" not in stages[-1]
        assert "pip install" not in stages[-1]
        assert re.search(r"^USER 10001:10001$", stages[-1], re.MULTILINE)
        assert re.search(r"^HEALTHCHECK ", stages[-1], re.MULTILINE)
        for label in ("title", "description", "version", "licenses"):
            assert f"org.opencontainers.image.{label}=" in stages[-1]


def test_a_task_can_be_any_command_of_its_image() -> None:
    """The steps of the DAGs are whole command lines."""
    assert "ENTRYPOINT" not in DOCKERFILES[SERVICES["tasks"]["image"]]
    assert SERVICES["tasks"]["command"][0] == "fraud"


def test_nothing_secret_or_local_is_sent_to_the_engine() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert lines[1] == "*"
    assert not any(entry.startswith((".env", "secrets", ".git", "tests")) for entry in allowed)


def test_postgres_is_tuned_as_the_embedded_one() -> None:
    given = dict(word.split("=") for word in SERVICES["postgres"]["command"] if "=" in word)
    embedded = dict(re.findall(r"^(\w+) = '?([^'\n]+)'?$", CONFIGURATION, re.MULTILINE))
    of_its_own = {"log_min_error_statement"}
    assert {name: embedded.get(name) for name in given.keys() - of_its_own} == {
        name: value for name, value in given.items() if name not in of_its_own
    }
    tuning = "buffers|_mem$|wal_|bgwriter|flush|checkpoint_c|cache_size|jit|page_cost"
    assert {name for name in embedded if re.search(tuning, name)} <= given.keys()


def test_the_broker_logs_as_the_embedded_one() -> None:
    ours = (REPOSITORY / "kafka/broker/log4j2.yaml").read_text()
    assert yaml.safe_load(ours) == yaml.safe_load(LOG4J)
    told = SERVICES["kafka"]["environment"]
    assert told["KAFKA_LOG4J_OPTS"].endswith("/etc/fraud/log4j2.yaml")
    assert "loggc" not in told["EXTRA_ARGS"]
