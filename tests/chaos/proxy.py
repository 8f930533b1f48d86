"""A TCP proxy on loopback that makes a connection slow, silent or broken when told to."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from fraud_local.ports import LOOPBACK
from tests.chaos.postgres_wire import Conversation, Cuts

CHUNK = 1 << 16
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing drops what is unsent and tells the other end so."""

Filter = Callable[[bytes], tuple[bytes, bool]]
"""Says what to pass on of what came, and whether to cut the connection after that."""


class _Link:
    """A client's connection and the one made for it to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client = client
        self.server = server
        self.silent = False

    def reset(self) -> None:
        _reset(self.client)
        _reset(self.server)


class Proxy:
    """Passes connections on `port` through to `upstream`; each method is safe from any thread.

    `cuts` counts the landings that pass, and cuts at their COMMITs; give it for Postgres only.
    """

    def __init__(self, upstream: int, cuts: Cuts | None = None) -> None:
        self.delay_seconds = 0.0
        self._upstream = upstream
        self._cuts = cuts
        self._stalled = False
        self._links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(
            asyncio.start_server(self._serve, LOOPBACK, 0, limit=CHUNK, backlog=64)
        )
        self.port: int = self._server.sockets[0].getsockname()[1]

    def stall(self) -> None:
        """Accept, and never answer: neither those that are connected nor those that come."""
        self._stalled = True

    def flow(self) -> None:
        """New connections pass again. Clients that met silence never hear anything any more, as
        behind a router that forgot them; what the server had for them is reset."""
        self._stalled = False
        self._loop.call_soon_threadsafe(self._forget_silent)

    def reset(self) -> None:
        """Break every connection there is."""
        self._run(self._reset_all())

    def close(self) -> None:
        """End every connection and stop listening."""
        self.reset()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _reset_all(self) -> None:
        for link in list(self._links):
            link.reset()

    def _forget_silent(self) -> None:
        for link in self._links:
            if link.silent:
                _reset(link.server)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, server = await asyncio.open_connection(LOOPBACK, self._upstream, limit=CHUNK)
        except OSError:
            _reset(writer)
            return
        link = _Link(writer, server)
        self._links.add(link)
        talk = Conversation(self._cuts) if self._cuts else None
        ways = (
            self._pass_on(link, reader, server, talk.from_client if talk else _all),
            self._pass_on(link, upstream, writer, talk.from_server if talk else _all),
        )
        try:
            await asyncio.gather(*ways)
        finally:
            link.reset()
            self._links.discard(link)

    async def _pass_on(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, look: Filter
    ) -> None:
        """One direction, until it ends; then the other direction ends as well, unless silent."""
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                if self._stalled or link.silent:
                    link.silent = True
                    continue
                passed, cut = look(data)
                writer.write(passed)
                await writer.drain()
                if cut:
                    link.reset()
                    return
        if not link.silent:
            with suppress(OSError):
                writer.close()


def _all(data: bytes) -> tuple[bytes, bool]:
    return data, False


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
