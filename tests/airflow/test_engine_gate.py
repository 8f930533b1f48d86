"""The gate between Airflow and the container engine."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from engine_gate.gate import Gate
from engine_gate.rules import LABEL, Limits, Refused, bounded

LIMITS = Limits(
    image="fraud-platform/tasks:1",
    network="fraud-platform",
    volume="fraud-platform-exports",
    memory_bytes=1 << 30,
)
OURS, FOREIGN = "a" * 64, "b" * 64


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


@contextlib.asynccontextmanager
async def gate_before(engine: "Engine", folder: Path) -> AsyncGenerator[int]:
    """A gate in front of an engine of the test's own; gives the gate's port."""
    socket = str(folder / "engine.sock")
    behind = await asyncio.start_unix_server(engine.serve, socket)
    gate = await asyncio.start_server(Gate(LIMITS, socket).serve, "127.0.0.1", 0)
    async with behind, gate:
        yield gate.sockets[0].getsockname()[1]


OUTPUT = b"landed 3 orders\n"


class Engine:
    """Answers like the real one where the gate and the client look, and keeps what reaches it."""

    def __init__(self) -> None:
        self.reached: list[bytes] = []
        self._is_started = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # To its end: what the gate sends after the length that it named must show as well.
        request = b""
        with contextlib.suppress(TimeoutError):
            while block := await asyncio.wait_for(reader.read(65536), 0.05):
                request += block
        self.reached.append(request)
        target = request.split(b" ")[1]
        if b"Upgrade: tcp" in request:
            writer.write(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            await self._is_started.wait()
            writer.write(struct.pack(">BxxxL", 1, len(OUTPUT)) + OUTPUT)
        else:
            writer.write(_answer(target))
        if target.endswith(b"/start"):
            self._is_started.set()
        await writer.drain()
        writer.close()


def _answer(target: bytes) -> bytes:
    labels = {LABEL: "1"} if OURS in target.decode() else {}
    said = {"Id": OURS, "ApiVersion": "1.45", "StatusCode": 0}
    body = json.dumps({**said, "Config": {"Labels": labels, "Tty": False}}).encode()
    if target.endswith(b"/_ping"):
        body = b"OK"
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


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
    answer, reached = run(
        tmp_path, f"POST /v1.41/containers/{FOREIGN}/stop HTTP/1.1\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 403")
    assert [head.split(b" ")[0] for head in reached] == [b"GET"]  # only the gate's own look


def test_a_container_made_through_the_gate_can_be_started(tmp_path: Path) -> None:
    answer, reached = run(
        tmp_path, f"POST /v1.41/containers/{OURS}/start HTTP/1.1\r\n\r\n".encode()
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert reached[-1].startswith(f"POST /v1.41/containers/{OURS}/start".encode())


def test_a_second_request_on_the_same_connection_reaches_nothing(tmp_path: Path) -> None:
    smuggled = b"POST /v1.41/containers/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
    _, reached = run(tmp_path, b"GET /_ping HTTP/1.1\r\n\r\n" + smuggled)
    assert [head.split(b"\r\n")[0] for head in reached] == [b"GET /_ping HTTP/1.1"]


def test_a_body_without_its_length_is_refused(tmp_path: Path) -> None:
    answer, reached = run(
        tmp_path,
        b"POST /v1.41/containers/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 403")
    assert reached == []


def test_a_body_that_is_too_big_is_refused(tmp_path: Path) -> None:
    answer, reached = run(
        tmp_path,
        f"POST /v1.41/containers/{OURS}/start HTTP/1.1\r\nContent-Length: 1000001\r\n\r\n".encode(),
    )
    assert answer.startswith(b"HTTP/1.1 403")
    assert reached == []


BINDS = b'{"Binds": ["/var/run/docker.sock:/s"]}'


@pytest.mark.parametrize(
    ("method", "call"),
    [
        ("POST", "/start"),
        ("POST", "/attach"),
        ("POST", "/wait"),
        ("POST", "/stop"),
        ("POST", "/kill"),
        ("GET", "/logs"),
        ("GET", "/json"),
        ("DELETE", ""),
    ],
)
def test_no_other_call_than_create_takes_a_body_to_the_engine(
    tmp_path: Path, method: str, call: str
) -> None:
    head = f"{method} /v1.41/containers/{OURS}{call} HTTP/1.1\r\nContent-Length: {len(BINDS)}"
    _, reached = run(tmp_path, head.encode() + b"\r\n\r\n" + BINDS)
    assert len(reached) == 2  # the gate's own look, and the call
    assert reached[-1].startswith(f"{method} /v1.41/containers/{OURS}{call} HTTP".encode())
    assert reached[-1].endswith(b"Content-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (f"/v1.23/containers/{OURS}/start", "older than version 1.24"),
        (f"/containers/{OURS}/start", "no version of the API"),
        (f"/v1.41/containers/{OURS}/start?checkpoint=c", "no parameter 'checkpoint'"),
        (f"/v1.41/containers/{OURS}/start?checkpoint-dir=/", "no parameter 'checkpoint-dir'"),
    ],
)
def test_a_refusal_says_why_and_reaches_nothing(tmp_path: Path, target: str, why: str) -> None:
    answer, reached = run(tmp_path, f"POST {target} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403")
    assert why in answer.decode()
    assert reached == []


def test_the_query_reaches_the_engine_as_it_was_judged(tmp_path: Path) -> None:
    stop = f"POST /v1.41/containers/{OURS}/stop"
    _, reached = run(tmp_path, f"{stop}?t=1;signal=9 HTTP/1.1\r\n\r\n".encode())
    assert reached[-1].startswith(f"{stop}?t=1%3Bsignal%3D9 HTTP/1.1\r\n".encode())


def test_a_create_request_reaches_the_engine_locked_down(tmp_path: Path) -> None:
    asked = json.dumps({"Image": LIMITS.image, "HostConfig": {"Privileged": True}}).encode()
    head = f"POST /v1.41/containers/create HTTP/1.1\r\nContent-Length: {len(asked)}\r\n\r\n"
    _, (reached,) = run(tmp_path, head.encode() + asked)
    assert reached.partition(b"\r\n\r\n")[2] == bounded(asked, LIMITS)


def test_airflows_own_operator_runs_and_ends_a_task_through_the_gate(tmp_path: Path) -> None:
    from airflow.providers.docker.operators.docker import DockerOperator

    def run_task(port: int) -> Any:
        step = DockerOperator(
            task_id="step",
            image=LIMITS.image,
            command=["pipeline", "build"],
            docker_url=f"tcp://127.0.0.1:{port}",
            docker_conn_id=None,
            auto_remove="force",
            mount_tmp_dir=False,
        )
        last_line = step.execute({})
        step.on_kill()
        return last_line

    async def go() -> tuple[Any, list[bytes]]:
        engine = Engine()
        async with gate_before(engine, tmp_path) as port:
            return await asyncio.to_thread(run_task, port), engine.reached

    last_line, reached = asyncio.run(go())
    targets = [request.split(b" ")[1].decode().partition("?")[0] for request in reached]
    asked = [target for target in targets if target.startswith(("/v1.45/", "/version"))]
    assert last_line == "landed 3 orders"
    assert asked == [
        "/version",
        "/v1.45/_ping",
        "/v1.45/images/json",
        "/v1.45/containers/create",
        f"/v1.45/containers/{OURS}/attach",
        f"/v1.45/containers/{OURS}/json",
        f"/v1.45/containers/{OURS}/start",
        f"/v1.45/containers/{OURS}/wait",
        f"/v1.45/containers/{OURS}",
        f"/v1.45/containers/{OURS}/stop",
        f"/v1.45/containers/{OURS}",
    ]
