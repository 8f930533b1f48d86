"""Pieces of an order event, rendered to JSON once and joined into orders later.

A piece is `,"name":value` pairs with a comma before each, so that pieces join as they are.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec

_LETTERS = "abcdefghijklmnop"
_HEX_TO_LETTERS = bytes.maketrans(b"0123456789abcdef", _LETTERS.encode())
_encode = msgspec.json.encode


def members(fields: Mapping[str, Any]) -> bytes:
    """`fields` as a piece; None is left out, as a shop that does not know would."""
    inside = _encode({name: value for name, value in fields.items() if value is not None})[1:-1]
    return b"," + inside if inside else b""


def whole(fields: Mapping[str, Any]) -> bytes:
    """`fields` as a JSON object, None left out."""
    return b"{%b}" % members(fields)[1:]


def opaque(random: Random, length: int = 20) -> str:
    """An identifier without a meaning, of letters only.

    Thirteen or more digits could be mistaken for a card number; letters cannot.
    """
    bits = random.getrandbits(4 * length)
    return "".join(_LETTERS[bits >> shift & 15] for shift in range(0, 4 * length, 4))


def opaque_many(entropy: bytes, length: int) -> list[bytes]:
    """As many identifiers of `length` letters as there is entropy for (half a byte a letter)."""
    letters = entropy.hex().encode().translate(_HEX_TO_LETTERS)
    return [letters[at : at + length] for at in range(0, len(letters), length)]


def opaque_bytes(entropy: bytes) -> str:
    """The same for given bytes."""
    return entropy.hex().encode().translate(_HEX_TO_LETTERS).decode()


def decimal(minor: int, digits: int) -> bytes:
    """Minor units as an exact JSON number in major units, with the currency's decimals."""
    major, rest = divmod(minor, 10**digits)
    return b"%d.%0*d" % (major, digits, rest) if digits else b"%d" % major


def instant(milliseconds: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M:%S}Z"
