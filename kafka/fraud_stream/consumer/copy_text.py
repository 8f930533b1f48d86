"""The text form of Postgres' COPY, in bytes: what stands in a column, whatever it holds. Pure."""

from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from fraud_stream.consumer.batch import Record, coordinates, received_ms

NULL = b"\\N"

encoded = msgspec.json.Encoder().encode
"""As JSON, not escaped yet."""


def escaped(value: bytes) -> bytes:
    """As COPY reads it."""
    if b"\\" in value:
        value = value.replace(b"\\", b"\\\\")
    if b"\n" in value or b"\r" in value or b"\t" in value:
        value = value.replace(b"\n", b"\\n").replace(b"\r", b"\\r").replace(b"\t", b"\\t")
    return value


def json_text(value: object) -> bytes:
    """As JSON, whose own escapes are all that has to be escaped again."""
    text = encoded(value)
    return text.replace(b"\\", b"\\\\") if b"\\" in text else text


def whereabouts(record: Record) -> tuple[bytes, int, int]:
    """Topic, partition and offset."""
    (topic, partition), offset = coordinates(record)
    return topic.encode(), partition, offset


def received(record: Record) -> bytes | None:
    """When the message was stamped, if it was stamped sensibly."""
    at = received_ms(record)
    return None if at is None else _instant(at)


def _instant(milliseconds: int) -> bytes:
    seconds, rest = divmod(milliseconds, 1000)
    return b"%s.%03d+00" % (_second(seconds), rest)


@lru_cache(maxsize=4096)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
