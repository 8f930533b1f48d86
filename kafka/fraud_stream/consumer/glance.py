"""What the bytes of a message tell before they are read: whether a close look is needed.

Where there is a C compiler, `_core.glance` says the same in a third of the time, and says for most
messages that each key is there once (docs/decisions/0015); this is what it is without one.
"""

SPECIAL, LONG_RUN, CLEAR = 1, 2, 4
"""Flags. SPECIAL: an escape, something beyond ASCII, or a DEL. LONG_RUN: thirteen digits, spaces or
hyphens in a row, as every card number in plain text has, and every number too long to be stored.
CLEAR: surely no key twice in an object, no exponent out of all bounds; only `_core` says it."""

RUN_LENGTH = 13

_DIGIT, _ODD, _OTHER = b"0", b"x", b"."
_CLASSES = bytes(
    ord(_DIGIT if chr(code) in "0123456789 -" else _ODD if code >= 0x7F or code == 92 else _OTHER)
    for code in range(256)
)
_RUN = _DIGIT * RUN_LENGTH


def glance(value: bytes) -> int:
    """The flags of a message's value."""
    classes = value.translate(_CLASSES)
    return (SPECIAL if _ODD in classes else 0) | (LONG_RUN if _RUN in classes else 0)
