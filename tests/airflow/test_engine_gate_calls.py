"""Which calls of the engine pass the gate, by version, path and parameters."""

from typing import Any

import docker
import pytest
from docker.constants import MINIMUM_DOCKER_API_VERSION
from requests import PreparedRequest, Response

from engine_gate.calls import LOWEST_MINOR, Passed, judge
from engine_gate.rules import Refused

OURS = "a" * 64
START = f"/v1.41/containers/{OURS}/start"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1.41/containers/json"),
        ("POST", "/v1.41/images/create"),
        ("POST", "/v1.41/build"),
        ("POST", f"/v1.41/containers/{OURS}/exec"),
        ("POST", f"/v1.41/containers/{OURS}/update"),
        ("PUT", f"/v1.41/containers/{OURS}/archive"),
        ("GET", f"/v1.41/containers/{OURS}/export"),
        ("POST", "/v1.41/containers/../volumes/create"),
        ("POST", "/v1.41/volumes/create"),
        ("GET", "/v1.41/secrets"),
        ("DELETE", "/v1.41/containers/consumer-1"),
        ("GET", "/v1.41/info"),
        ("POST", f"/v1.41/v1.23/containers/{OURS}/start"),
        ("POST", f"/v2.0/containers/{OURS}/start"),
        ("POST", f"http://engine{START}"),
        ("GET", START),
    ],
)
def test_what_running_a_task_does_not_take_is_refused(method: str, path: str) -> None:
    found = judge(method, path)
    assert isinstance(found, Refused)
    assert "is not among what running a task takes" in found.why


@pytest.mark.parametrize("action", ["start", "attach", "wait", "stop", "kill"])
def test_a_container_can_be_run_and_watched(action: str) -> None:
    path = f"/v1.41/containers/{OURS}/{action}"
    assert judge("POST", path) == Passed(path, container=OURS)


@pytest.mark.parametrize(
    "path", ["/_ping", "/v1.41/_ping", "/version", "/v1.41/version", "/v1.41/images/json"]
)
def test_the_engine_can_be_asked_for_itself(path: str) -> None:
    assert judge("GET", path) == Passed(path)


@pytest.mark.parametrize("version", ["1.1", "1.12", "1.22", "1.23"])
@pytest.mark.parametrize("call", [f"/containers/{OURS}/start", "/containers/create"])
def test_a_version_in_which_a_start_sets_mounts_is_refused(version: str, call: str) -> None:
    found = judge("POST", f"/v{version}{call}")
    assert found == Refused(f"POST /v{version}{call} is older than version 1.24")


@pytest.mark.parametrize("version", ["1.024", "1.", "1.x", "1.24.1", "01.41", "1.-1", "1.٤١"])
def test_a_version_that_is_none_is_refused(version: str) -> None:
    assert isinstance(judge("POST", f"/v{version}/containers/{OURS}/start"), Refused)


@pytest.mark.parametrize("version", ["1.24", "1.41", "1.45", "1.100"])
def test_later_versions_pass(version: str) -> None:
    path = f"/v{version}/containers/{OURS}/start"
    assert judge("POST", path) == Passed(path, container=OURS)


def test_the_lowest_version_is_the_clients() -> None:
    assert f"1.{LOWEST_MINOR}" == MINIMUM_DOCKER_API_VERSION


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/containers/create"),
        ("POST", f"/containers/{OURS}/start"),
        ("GET", f"/containers/{OURS}/json"),
        ("DELETE", f"/containers/{OURS}"),
        ("GET", "/images/json"),
    ],
)
def test_a_call_about_containers_needs_a_version(method: str, path: str) -> None:
    assert judge(method, path) == Refused(f"{method} {path} has no version of the API")


@pytest.mark.parametrize(
    ("method", "call", "name"),
    [
        ("POST", f"containers/{OURS}/start", "checkpoint"),
        ("POST", f"containers/{OURS}/start", "checkpoint-dir"),
        ("POST", f"containers/{OURS}/start", "detachKeys"),
        ("POST", f"containers/{OURS}/attach", "stdin"),
        ("POST", f"containers/{OURS}/stop", "signal"),
        ("POST", f"containers/{OURS}/kill", "t"),
        ("POST", f"containers/{OURS}/wait", "v"),
        ("GET", f"containers/{OURS}/json", "size"),
        ("GET", f"containers/{OURS}/logs", "details"),
        ("DELETE", f"containers/{OURS}", "volumes"),
        ("POST", "containers/create", "name"),
        ("POST", "containers/create", "platform"),
        ("GET", "images/json", "digests"),
        ("GET", "_ping", "a"),
        ("GET", "version", "a"),
    ],
)
def test_a_parameter_that_no_task_takes_is_refused_by_its_name(
    method: str, call: str, name: str
) -> None:
    found = judge(method, f"/v1.41/{call}?{name}=x")
    assert found == Refused(f"{method} /v1.41/{call} takes no parameter {name!r}")


@pytest.mark.parametrize(
    "query", ["checkpoint", "checkpoint=", "%63heckpoint=x", "&checkpoint=x", "?checkpoint=x"]
)
def test_a_parameter_is_refused_however_it_is_written(query: str) -> None:
    found = judge("POST", f"{START}?{query}")
    assert isinstance(found, Refused)
    assert "checkpoint'" in found.why


def test_one_parameter_too_many_among_others_is_refused() -> None:
    found = judge("POST", f"/v1.41/containers/{OURS}/attach?stdout=1&stdin=1&stderr=1")
    assert isinstance(found, Refused)
    assert "'stdin'" in found.why


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("t=1;checkpoint=x", "t=1%3Bcheckpoint%3Dx"),  # older engines split there
        ("t=1\nHost: b", "t=1%0AHost%3A+b"),
        ("t=1#t", "t=1%23t"),
        ("&&t", "t="),
        ("", None),
    ],
)
def test_the_engine_reads_the_query_as_it_was_judged(query: str, written: str | None) -> None:
    path = f"/v1.41/containers/{OURS}/stop"
    target = path if written is None else f"{path}?{written}"
    assert judge("POST", f"{path}?{query}") == Passed(target, container=OURS)


class Client(docker.APIClient):
    """The real client, of which each request is kept and none is sent."""

    def __init__(self, version: str) -> None:
        super().__init__(base_url="tcp://gate:2375", version=version)
        self.asked: list[tuple[str, str]] = []

    def send(self, request: PreparedRequest, **_: Any) -> Response:
        self.asked.append((str(request.method), request.path_url))
        response = Response()
        response.status_code = 200
        response._content = b'{"Id": "", "Config": {"Tty": true}}'  # pyright: ignore[reportPrivateUsage] - requests has no other way
        return response


@pytest.mark.parametrize("version", ["1.24", "1.30", "1.41", "1.45"])
def test_what_the_client_sends_passes_unchanged(version: str) -> None:
    client = Client(version)
    client.ping()
    client.version()
    client.version(api_version=False)
    client.images(name="fraud-platform/tasks:1")
    client.create_container("fraud-platform/tasks:1", ["pipeline", "build"])
    client.inspect_container(OURS)
    client.logs(OURS, since=1)
    client.start(OURS)
    client.stop(OURS)
    client.stop(OURS, timeout=3)
    client.kill(OURS, signal="SIGTERM")
    client.wait(OURS)
    client.remove_container(OURS, force=True)
    assert len(client.asked) == 14  # the log takes a look at its container
    for method, target in client.asked:
        found = judge(method, target)
        assert isinstance(found, Passed)
        assert found.target == target
