"""The binary form of Postgres' COPY: what a field is made of, and rows as one whole. Pure.

After "File Formats, Binary Format" of COPY in PostgreSQL's manual. Text would be read by the server
byte by byte, which takes it a quarter of a landing (docs/decisions/0027).
"""

import struct
from collections.abc import Iterable

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
TRAILER = struct.pack(">h", -1)

_COUNT, _LENGTH = struct.Struct(">h"), struct.Struct(">i")
_INTEGER, _BIGINT, _DOUBLE = struct.Struct(">ii"), struct.Struct(">iq"), struct.Struct(">id")
_JSONB_VERSION = b"\x01"
_YEAR_2000 = 946_684_800_000_000


def row(*fields: bytes) -> bytes:
    """Of fields that the functions below made, one each."""
    return begin_row(len(fields)) + b"".join(fields)


def begin_row(fields: int) -> bytes:
    """What stands before a row of so many fields."""
    return _COUNT.pack(fields)


def field(value: bytes) -> bytes:
    """Of text or bytea."""
    return _LENGTH.pack(len(value)) + value


def jsonb(value: bytes) -> bytes:
    """Of JSON in UTF-8."""
    return field(_JSONB_VERSION + value)


def integer(value: int) -> bytes:
    """Of four bytes."""
    return _INTEGER.pack(4, value)


def bigint(value: int) -> bytes:
    """Of eight bytes."""
    return _BIGINT.pack(8, value)


def double(value: float) -> bytes:
    """Double precision."""
    return _DOUBLE.pack(8, value)


def timestamptz(microseconds: int) -> bytes:
    """Of microseconds since 1970, UTC."""
    return bigint(microseconds - _YEAR_2000)


def framed(rows: Iterable[bytes]) -> bytes:
    """All that COPY is to read; nothing when there are no rows."""
    together = b"".join(rows)
    return HEADER + together + TRAILER if together else b""


def rows_of(whole: bytes) -> list[bytes]:
    """The rows of what `framed` made, each by itself."""
    found: list[bytes] = []
    at = begin = len(HEADER)
    while whole and at < len(whole) - len(TRAILER):
        (fields,) = _COUNT.unpack_from(whole, at)
        at += _COUNT.size
        for _ in range(fields):
            (length,) = _LENGTH.unpack_from(whole, at)
            at += _LENGTH.size + length
        found.append(whole[begin:at])
        begin = at
    return found
