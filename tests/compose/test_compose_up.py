"""All of docker-compose.yml on a real engine, from `up` to `down`, one test after the other."""

import json
import logging

import pytest
from compose_platform import PROJECT, VERSION, Platform, eventually
from container_canaries import Engine, found_in

from engine_gate.rules import LABEL
from fraud_local.make_secrets import FOLDER

pytestmark = [pytest.mark.integration, pytest.mark.timeout(7_200)]

log = logging.getLogger(__name__)

GATE = "engine-gate"
ONE_SHOT = {"migrate", "topics", "airflow-migrate", "tasks"}
OURS = ("stream", "airflow", "tasks")

ASK_FOR_THE_HOST = """
import docker, json, sys
engine = docker.APIClient(base_url="tcp://engine-gate:2375", version="1.41")
asked = {"Image": sys.argv[1], "Cmd": ["--help"], "User": "0", "HostConfig": {
    "Privileged": True, "Binds": ["/:/host"], "NetworkMode": "host", "CapAdd": ["ALL"]}}
answer = engine._post_json(engine._url("/containers/create"), data=asked)
refused = [engine.get(engine._url(path)).status_code for path in ("/info", "/containers/json")]
print(json.dumps({"container": answer.json()["Id"], "refused": refused}))
"""

LOOK_FOR_TOOLS = """
command -v cc gcc g++ make git pip pip3
python -c 'from importlib.util import find_spec; print(find_spec("pip"))'
"""


@pytest.fixture(scope="module")
def up(platform: Platform) -> Platform:
    """Everything started once, with the tasks of DAGs beside Airflow."""
    seconds = platform.up()
    log.info("all services are healthy after %.0f s", seconds)
    return platform


def is_all_well(platform: Platform) -> bool:
    return all(
        found["State"].get("Health", {}).get("Status") == "healthy"
        for service, found in platform.containers().items()
        if service not in ONE_SHOT
    )


def test_every_service_is_healthy(up: Platform) -> None:
    found = up.containers()
    assert set(found) >= {"kafka", "postgres", "consumer", "standby", "airflow-scheduler"}
    assert all(found[name]["State"]["ExitCode"] == 0 for name in ONE_SHOT & found.keys())
    assert is_all_well(up)


def test_every_container_is_locked_down(up: Platform) -> None:
    for service, found in up.containers().items():
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None), service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert not host["Privileged"], service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] == 512, service
        assert found["Config"]["User"] not in {"", "0", "0:0", "root"} or service == GATE, service
        addresses = [
            to["HostIp"] for published in (host["PortBindings"] or {}).values() for to in published
        ]
        assert set(addresses) <= {"127.0.0.1"}, service


def test_of_two_consumers_one_is_active(up: Platform) -> None:
    phases = sorted(str(up.phase(service)) for service in ("consumer", "standby"))
    assert phases == ["active", "standing by"]


def test_every_order_lands_and_the_pipeline_builds(up: Platform) -> None:
    up.produce(2_000)
    assert up.run_the_pipeline().state == "success"
    up.account().require_complete()


def test_a_stand_by_takes_over_from_a_killed_consumer(up: Platform) -> None:
    active, other = sorted(("consumer", "standby"), key=lambda name: up.phase(name) != "active")
    up.compose("kill", active)
    up.produce(500)
    eventually(lambda: up.phase(other) == "active", f"{other} did not take over")
    eventually(lambda: up.account().unaccounted == 0, "not everything landed")
    up.compose("start", active)
    eventually(lambda: up.phase(active) == "standing by", f"{active} did not come back")


@pytest.mark.parametrize("service", ["postgres", "kafka"])
def test_a_restart_loses_nothing(up: Platform, service: str) -> None:
    up.compose("restart", service)
    eventually(lambda: is_all_well(up), f"not all was well after the restart of {service}")
    up.produce(500)
    eventually(lambda: up.account().unaccounted == 0, "not everything landed")
    up.account().require_complete()


def test_tasks_run_in_containers_of_their_own(up: Platform) -> None:
    up.up("--profile", "docker-tasks", TASK_RUNNER="docker")
    up.produce(500)
    assert up.run_the_pipeline().state == "success"
    up.account().require_complete()


ORDERS_OF_SOMEBODY_WHO_IS_NO_TRADER = """
select customer_id, count(*)
from raw.transactions_stream
where customer_id not in (
    select coalesce(payload::json ->> 'merchant_owner_id', '') from raw.transactions_stream
)
group by 1
order by 2, 1
limit 1
"""


def test_a_person_sets_a_message_right_and_erases_a_customer(up: Platform) -> None:
    """By the service `fraud`, as docs/operations.md says."""

    def letters(*words: str) -> list[dict[str, str]]:
        return json.loads(up.by_hand("dead-letters", "list", "--json", *words))

    up.send(b"no order at all")
    eventually(lambda: letters("--state", "open") != [], "no dead letter came")
    (letter,) = letters("--state", "open")
    why = ("--why", "as it came", "--by", "Ann")
    up.by_hand("dead-letters", "requeue", str(letter["dead_letter_id"]), "--anyway", *why)
    eventually(lambda: len(letters()) == 2, "the message did not come again")

    ((customer_id, orders),) = up.ask(ORDERS_OF_SOMEBODY_WHO_IS_NO_TRADER)
    eventually(lambda: up.erases(customer_id, *why), "the customer was not erased")
    left = "select count(*) from raw.transactions_stream where customer_id = %s"
    assert (orders, up.ask(left, customer_id)) == (1, [(0,)])
    assert up.ask("select erased_by, why from raw.erasures") == [("Ann", "as it came")]


def test_who_asks_the_gate_for_the_host_gets_a_task_as_locked_down_as_a_service(
    up: Platform,
) -> None:
    image = f"fraud-platform/tasks:{VERSION}"
    ask = ("exec", "-T", "airflow-scheduler", "python", "-c", ASK_FOR_THE_HOST, image)
    said = json.loads(up.compose(*ask).strip().splitlines()[-1])
    (made,) = json.loads(up.docker("inspect", said["container"]))
    up.docker("rm", said["container"])
    host = made["HostConfig"]
    assert said["refused"] == [403, 403]
    assert made["Config"]["User"] == "10001:10001"
    assert made["Config"]["Labels"][LABEL] == "1"
    assert host["ReadonlyRootfs"]
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], None)
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert not host["Privileged"]
    assert host["NetworkMode"] == PROJECT
    assert not host["Binds"]
    assert host["Memory"] == host["MemorySwap"] > 0
    assert [mount["Type"] for mount in host["Mounts"]] == ["volume"]


def test_no_tasks_container_stays(up: Platform) -> None:
    label = ("--filter", f"label={LABEL}")
    before = set(up.docker("ps", "--all", "--quiet", *label).split())
    eventually(
        lambda: not before & set(up.docker("ps", "--all", "--quiet", *label).split()),
        "containers of tasks are left",
    )


@pytest.mark.parametrize("name", OURS)
def test_an_image_says_what_it_is_and_keeps_no_tools(platform: Platform, name: str) -> None:
    image = f"fraud-platform/{name}:{VERSION}"
    (found,) = json.loads(platform.docker("image", "inspect", image))
    log.info("%s has %.0f MB", image, found["Size"] / 1e6)
    assert found["Config"]["Labels"]["org.opencontainers.image.version"] == VERSION
    assert found["Config"]["User"] == "10001:10001"
    assert found["Config"]["Healthcheck"]
    said = platform.docker("run", "--rm", "--entrypoint", "sh", image, "-c", LOOK_FOR_TOOLS)
    assert said == "None\n"


@pytest.fixture(scope="module")
def secrets(up: Platform) -> dict[str, str]:
    """Each was made at random, so that finding one somewhere means that it leaked there."""
    found = {file.name: file.read_text().strip() for file in (up.folder / FOLDER).iterdir()}
    assert found
    assert all(len(secret) >= 32 for secret in found.values())
    return found


def test_no_container_shows_a_secret(up: Platform, secrets: dict[str, str]) -> None:
    engine = Engine(up.environment)
    for found in up.containers().values():
        assert found_in(engine.shown(found["Id"]), secrets) == []
    assert found_in(iter([("text", f"x{secrets['dbt_password']}x")]), secrets)


@pytest.mark.parametrize("name", OURS)
def test_no_image_tells_of_a_secret_or_holds_one(
    up: Platform, secrets: dict[str, str], name: str
) -> None:
    engine, image = Engine(up.environment), f"fraud-platform/{name}:{VERSION}"
    word_of_every_image = {"a canary": "fraud_core"}

    assert found_in(engine.described(image), secrets) == []
    assert engine.found_in_layers(image, secrets) == []
    assert engine.found_in_layers(image, word_of_every_image)


def test_down_leaves_nothing_behind(up: Platform) -> None:
    up.down()
    of_the_project = ("--filter", f"label=com.docker.compose.project={PROJECT}")
    assert up.docker("ps", "--all", "--quiet", *of_the_project) == ""
    for kind in ("volume", "network"):
        assert up.docker(kind, "ls", "--quiet", *of_the_project) == ""
