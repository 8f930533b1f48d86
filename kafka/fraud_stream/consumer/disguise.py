"""Digits, and what sets them apart, as a person reads them however they are written. Pure.

A digit can be written as an escape, in full width or in another script's numerals; between digits
can stand spaces and dashes of any kind, and characters that nobody sees. `undisguised` puts plain
ASCII in the place of each, byte for byte, so that a place in it is the same place in the message.
"""

import json
import re
from functools import lru_cache

FILLER = b"\xff"
"""Before a sign, for the bytes that it took more than one. Never in UTF-8."""

_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63")
_PLAIN = frozenset("0123456789 -._/+%")
_FULL_WIDTH, _FULL_WIDTH_LAST, _FROM_FULL_WIDTH = "\uff01", "\uff5e", 0xFEE0
_CONTROLS = b"\t\n\v\f\r\x7f"
_AS_SPACES = bytes.maketrans(_CONTROLS, b" " * len(_CONTROLS))
_COMMON = bytes(range(0x7F))
_ESCAPE = (
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[^u\x80-\xff])"
)
_ESCAPES = re.compile(_ESCAPE)
_WRITTEN = re.compile(
    _ESCAPE + rb"|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)


def may_be_disguised(value: bytes) -> bool:
    """Whether there are escapes or characters with which a card number can be written, too."""
    beyond_ascii = value.translate(None, _COMMON).decode("utf-8", "ignore")
    return any(map(_sign, set(beyond_ascii))) or (
        b"\\" in value
        and any(_undisguised(found[0]) != found[0] for found in _ESCAPES.finditer(value))
    )


def undisguised(value: bytes) -> bytes:
    """As many bytes, with a plain sign for each that is read as a digit, a gap or a separator."""
    value = value.translate(_AS_SPACES)
    if value.isascii() and b"\\" not in value:
        return value
    return _WRITTEN.sub(lambda found: _undisguised(found[0]), value)


@lru_cache(10_000)
def _undisguised(written: bytes) -> bytes:
    """Of one character or escape."""
    try:
        sign = _sign(json.loads(b'"%b"' % written))
    except ValueError:
        return written
    return written if sign is None else sign.encode().rjust(len(written), FILLER)


def _sign(character: str) -> str | None:
    """What it is read as, if that matters; the same as `is_disguise` in core/quick.c."""
    if character in _PLAIN:
        return character
    if character.isdecimal():
        return str(int(character))
    if _FULL_WIDTH <= character <= _FULL_WIDTH_LAST:
        return chr(ord(character) - _FROM_FULL_WIDTH)
    return " " if character in _DASHES or not character.isprintable() else None
