"""Stands between Airflow and the container engine: lets through what running a task takes.

`python -m engine_gate.gate` listens on GATE_PORT and talks to the engine's socket. One request a
connection: the answer ends when the engine closes, so streams and attached output need no care.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Mapping
from typing import NamedTuple

from engine_gate.calls import judge
from engine_gate.rules import LABEL, Limits, Refused, bounded

SOCKET = "/var/run/docker.sock"
MOST_BODY_BYTES = 1_000_000
PATIENCE_SECONDS = 30.0

log = logging.getLogger("engine_gate")


class Request(NamedTuple):
    """A request's head as it came, its headers by lower-case name, and its body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]


class Gate:
    """Answers one connection after another, each on its own."""

    def __init__(self, limits: Limits, socket: str = SOCKET) -> None:
        self._limits = limits
        self._socket = socket

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: a request that passes is answered by the engine, another by us."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            request = await asyncio.wait_for(_read(reader), PATIENCE_SECONDS)
            if isinstance(request, Refused):
                await _refuse(writer, request)
            else:
                await self._pass_on(request, writer)
        writer.close()

    async def _pass_on(self, request: Request, writer: asyncio.StreamWriter) -> None:
        verdict = judge(request.method, request.target)
        body: bytes | Refused = b""  # no other call than create takes one
        if isinstance(verdict, Refused):
            return await _refuse(writer, verdict)
        if verdict.is_create:
            body = bounded(request.body, self._limits)
        elif verdict.container and not await self._is_ours(verdict.container):
            body = Refused("this container was not made through the gate")
        if isinstance(body, Refused):
            return await _refuse(writer, body)
        engine_reader, engine = await asyncio.open_unix_connection(self._socket)
        engine.write(_written(request._replace(target=verdict.target, body=body)))
        # Nothing more of the caller's goes through: a second request would not have been judged.
        await _pump(engine_reader, writer)
        engine.close()
        return None

    async def _is_ours(self, container: str) -> bool:
        reader, writer = await asyncio.open_unix_connection(self._socket)
        writer.write(_written(Request("GET", f"/containers/{container}/json", {}, b"")))
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
            return head.split()[1:2] == [b"404"]  # the engine itself says that there is none
        start, end = body.find(b"{"), body.rfind(b"}") + 1
        labels: dict[str, str] = json.loads(body[start:end])["Config"]["Labels"] or {}
        return LABEL in labels


async def _read(reader: asyncio.StreamReader) -> Request | Refused:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "transfer-encoding" in headers:
        return Refused("a body must come with its length")
    length = int(headers.get("content-length", "0"))
    if length > MOST_BODY_BYTES:
        return Refused(f"a body of {length} bytes; at most {MOST_BODY_BYTES}")
    return Request(method, target, headers, await reader.readexactly(length))


def _written(request: Request) -> bytes:
    """As the engine gets it: one answer a connection, or a stream where the caller attaches."""
    lines = [f"{request.method} {request.target} HTTP/1.1", "Host: engine"]
    if request.headers.get("upgrade") == "tcp" and request.path.endswith("/attach"):
        lines += ["Connection: Upgrade", "Upgrade: tcp"]
    else:
        lines += ["Connection: close"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(request.body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while block := await reader.read(65536):
        writer.write(block)
        await writer.drain()


async def _refuse(writer: asyncio.StreamWriter, refused: Refused) -> None:
    log.warning("refused: %s", refused.why)
    body = json.dumps({"message": f"refused by the gate: {refused.why}"}).encode()
    writer.write(
        b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    await writer.drain()


async def main(environment: Mapping[str, str]) -> None:
    """Serve until ended."""
    limits = Limits(
        image=environment["TASK_IMAGE"],
        network=environment["TASK_NETWORK"],
        volume=environment["TASK_VOLUME"],
        memory_bytes=int(environment.get("TASK_MEMORY_MB", "1024")) * 1024 * 1024,
    )
    gate = Gate(limits)
    port = int(environment.get("GATE_PORT", "2375"))
    server = await asyncio.start_server(gate.serve, environment.get("GATE_HOST", "127.0.0.1"), port)
    log.info("letting tasks run in %s on %s", limits.image, limits.network)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(main(os.environ))
