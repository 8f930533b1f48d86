"""The gate between Airflow and the container engine."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine_gate.gate import Gate
from engine_gate.rules import LABEL, Limits, Passed, Refused, bounded, judge

LIMITS = Limits(
    image="fraud-platform/tasks:1",
    network="fraud-platform",
    volume="fraud-platform-exports",
    memory_bytes=1 << 30,
)
OURS, FOREIGN = "a" * 64, "b" * 64


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
    ],
)
def test_what_running_a_task_does_not_take_is_refused(method: str, path: str) -> None:
    assert isinstance(judge(method, path), Refused)


@pytest.mark.parametrize("action", ["start", "attach", "wait", "stop", "kill"])
def test_a_container_can_be_run_and_watched(action: str) -> None:
    assert judge("POST", f"/v1.41/containers/{OURS}/{action}") == Passed(container=OURS)


@pytest.mark.parametrize("path", ["/_ping", "/v1.41/_ping", "/version", "/v1.41/images/json"])
def test_the_engine_can_be_asked_for_itself(path: str) -> None:
    assert judge("GET", path) == Passed()


def test_whatever_is_asked_for_a_container_is_locked_down() -> None:
    asked = {
        "Image": LIMITS.image,
        "Cmd": ["pipeline", "build"],
        "Env": ["A=1"],
        "User": "0",
        "Volumes": {"/host": {}},
        "HostConfig": {
            "Binds": ["/:/host"],
            "Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}],
            "Privileged": True,
            "CapAdd": ["ALL"],
            "NetworkMode": "host",
            "PidMode": "host",
            "Devices": [{"PathOnHost": "/dev/sda"}],
        },
    }
    body = bounded(json.dumps(asked).encode(), LIMITS)
    assert isinstance(body, bytes)
    made: dict[str, Any] = json.loads(body)
    host = made.pop("HostConfig")
    assert made == {
        "Image": LIMITS.image,
        "Cmd": ["pipeline", "build"],
        "Env": ["A=1"],
        "User": "10001:10001",
        "Labels": {LABEL: "1"},
    }
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["NetworkMode"] == "fraud-platform"
    assert host["Memory"] == host["MemorySwap"] == 1 << 30
    (mount,) = host["Mounts"]
    assert (mount["Type"], mount["Source"]) == ("volume", "fraud-platform-exports")
    assert not {"Binds", "CapAdd", "PidMode", "Devices"} & host.keys()


@pytest.mark.parametrize("image", ["python:3.11", "fraud-platform/tasks:2", "", None])
def test_no_other_image_is_run(image: str | None) -> None:
    found = bounded(json.dumps({"Image": image}).encode(), LIMITS)
    assert isinstance(found, Refused)
    assert "fraud-platform/tasks:1" in found.why


def test_a_body_that_is_no_json_is_refused() -> None:
    assert isinstance(bounded(b"{", LIMITS), Refused)


@asynccontextmanager
async def gate_before(engine: "Engine", folder: Path) -> AsyncGenerator[int]:
    """A gate in front of an engine of the test's own; gives the gate's port."""
    socket = str(folder / "engine.sock")
    behind = await asyncio.start_unix_server(engine.serve, socket)
    gate = await asyncio.start_server(Gate(LIMITS, socket).serve, "127.0.0.1", 0)
    async with behind, gate:
        yield gate.sockets[0].getsockname()[1]


class Engine:
    """Answers like the real one where the gate looks, and keeps what reaches it."""

    def __init__(self) -> None:
        self.reached: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.reached.append(head)
        labels = {LABEL: "1"} if OURS.encode() in head else {}
        body = json.dumps({"Config": {"Labels": labels}}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()


async def ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def run(folder: Path, request: bytes) -> tuple[bytes, list[bytes]]:
    """The gate's answer, and what reached the engine."""

    async def go() -> tuple[bytes, list[bytes]]:
        engine = Engine()
        async with gate_before(engine, folder) as port:
            return await ask(port, request), engine.reached

    return asyncio.run(go())


def test_a_container_made_elsewhere_cannot_be_touched(tmp_path: Path) -> None:
    answer, reached = run(tmp_path, f"POST /containers/{FOREIGN}/stop HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403")
    assert [head.split(b" ")[0] for head in reached] == [b"GET"]  # only the gate's own look


def test_a_container_made_through_the_gate_can_be_started(tmp_path: Path) -> None:
    answer, reached = run(tmp_path, f"POST /containers/{OURS}/start HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200")
    assert reached[-1].startswith(f"POST /containers/{OURS}/start".encode())


def test_a_second_request_on_the_same_connection_reaches_nothing(tmp_path: Path) -> None:
    smuggled = b"POST /containers/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    _, reached = run(tmp_path, b"GET /_ping HTTP/1.1\r\n\r\n" + smuggled)
    assert [head.split(b"\r\n")[0] for head in reached] == [b"GET /_ping HTTP/1.1"]


def test_a_body_without_its_length_is_refused(tmp_path: Path) -> None:
    answer, reached = run(
        tmp_path,
        b"POST /containers/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 403")
    assert reached == []
