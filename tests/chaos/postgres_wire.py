"""Just enough of Postgres's wire protocol to cut a connection exactly at the COMMIT of a landing.

After PostgreSQL 18, Frontend/Backend Protocol, "Message Formats": a message is a type byte, a
length of four bytes that counts itself, and a body; what a client sends before it is let in has no
type byte. Pure: bytes in, bytes out.
"""

from collections.abc import Iterator
from enum import Enum
from threading import Lock

import msgspec

_WHOLE = 256
"""Messages up to this size are handed out in one piece; COMMIT and its answer are far smaller."""

_REQUESTS = {80877103: "SSL", 80877104: "GSS"}
_COMMIT = b"COMMIT\0"


class Side(Enum):
    """Where around a COMMIT to cut."""

    BEFORE = "before"
    AFTER = "after"


class Cuts(msgspec.Struct):
    """How many cuts are still to be made, shared by all connections; `made` counts them."""

    armed: list[Side] = msgspec.field(default_factory=list[Side])
    made: int = 0
    landings: int = 0
    lock: Lock = msgspec.field(default_factory=Lock)

    def take(self, side: Side) -> bool:
        """Whether to cut now; each armed cut is taken once, in the order of arming."""
        with self.lock:
            if self.armed[:1] != [side]:
                return False
            del self.armed[0]
            self.made += 1
            return True


class Conversation:
    """One client's connection. Both methods say what to pass on, and whether to cut after that."""

    def __init__(self, cuts: Cuts) -> None:
        self._cuts = cuts
        self._client = Frames(typed=False)
        self._server = Frames(typed=True)
        self._copied = False
        self._committing = False

    def from_client(self, data: bytes) -> tuple[bytes, bool]:
        """A landing is a transaction with a COPY into it."""
        passed: list[bytes] = []
        for kind, piece in self._client.feed(data):
            if kind in _REQUESTS.values():
                self._server.expect_one_byte()
            if kind == "d":
                self._copied = True
            if kind == "Q" and piece[5:] == _COMMIT and self._copied:
                self._copied = False
                if self._cuts.take(Side.BEFORE):
                    return b"".join(passed), True
                self._committing = True
            passed.append(piece)
        return b"".join(passed), False

    def from_server(self, data: bytes) -> tuple[bytes, bool]:
        """What comes after a landing's COMMIT is its answer: that it is done, or why not."""
        passed: list[bytes] = []
        for kind, piece in self._server.feed(data):
            if self._committing and kind in {"C", "E"}:
                self._committing = False
                if kind == "C" and piece[5:] == _COMMIT:
                    if self._cuts.take(Side.AFTER):
                        return b"".join(passed), True
                    self._cuts.landings += 1
            passed.append(piece)
        return b"".join(passed), False


class Frames:
    """Splits one direction's bytes into messages; large ones come in the pieces that arrive."""

    def __init__(self, *, typed: bool) -> None:
        self._typed = typed
        self._held = b""
        self._rest = 0
        self._kind = ""
        self._single = 0

    def expect_one_byte(self) -> None:
        """The answer to a request for encryption is one byte and no message."""
        self._single += 1

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Type and bytes of what is complete by now, or is too large to wait for."""
        data, self._held, at = self._held + data, b"", 0
        while at < len(data):
            if self._rest:
                end = min(len(data), at + self._rest)
                self._rest -= end - at
            elif self._single:
                self._single, self._kind, end = self._single - 1, "", at + 1
            else:
                end = self._header(data, at)
                if end < 0:
                    self._held = data[at:]
                    return
            yield self._kind, data[at:end]
            at = end

    def _header(self, data: bytes, at: int) -> int:
        """Where the piece of the message that starts at `at` ends; -1 when more must come first."""
        head = 5 if self._typed else 4
        if len(data) - at < head:
            return -1
        length = int.from_bytes(data[at + head - 4 : at + head]) + head - 4
        there = len(data) - at
        if length <= _WHOLE and there < length:
            return -1
        if self._typed:
            self._kind = chr(data[at])
        else:
            if there < 8:
                return -1
            self._kind = _REQUESTS.get(int.from_bytes(data[at + 4 : at + 8]), "startup")
            self._typed = self._kind == "startup"
        end = at + min(length, there)
        self._rest = at + length - end
        return end
