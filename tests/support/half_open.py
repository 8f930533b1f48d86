"""A session of Postgres whose server went away without a word."""

import socket
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Any, Self

import psycopg2


class HalfOpen:
    """Takes what is sent and never answers; waits as libpq does, until the socket is shut down."""

    def __init__(self, *_address: object, **_options: object) -> None:
        self.autocommit = False
        self._ours, self._servers = socket.socketpair()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        pass

    def cursor(self) -> AbstractContextManager[Self]:
        return nullcontext(self)

    def execute(self, *_statement: Any) -> None:
        assert not self._ours.recv(1)
        raise psycopg2.OperationalError("server closed the connection unexpectedly")

    def fileno(self) -> int:
        return self._ours.fileno()

    def close(self) -> None:
        self._ours.close()
        self._servers.close()
