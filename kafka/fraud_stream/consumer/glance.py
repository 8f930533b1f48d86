"""What the bytes of a message tell before they are read: whether a close look is needed.

Where there is a C compiler, `_core.glance` says the same in a third of the time, and says for most
messages that each key is there once (docs/decisions/0015); this is what it is without one.
"""

SPECIAL, LONG_RUN, CLEAR = 1, 2, 4
"""Flags. SPECIAL: an escape, something beyond ASCII, or a DEL. LONG_RUN: thirteen digits, spaces or
hyphens in a row, or sixteen digits, dots, slashes, plus and percent signs and underscores, as every
card number in plain text has, and every number too long to be stored; no IPv4 address has so many.
CLEAR: surely no key twice in an object, no exponent out of all bounds; only `_core` says it."""

RUN_LENGTH, CHAIN_LENGTH = 13, 16

_IN_ROW, _ODD, _OTHER = b"0", b"x", b"."


def _classes(in_row: str) -> bytes:
    """For `translate`: those, the SPECIAL ones, and all others."""
    return bytes(
        ord(_IN_ROW if chr(code) in in_row else _ODD if code >= 0x7F or code == 92 else _OTHER)
        for code in range(256)
    )


_RUNS, _CHAINS = _classes("0123456789 -"), _classes("0123456789./+%_")
_RUN, _CHAIN = _IN_ROW * RUN_LENGTH, _IN_ROW * CHAIN_LENGTH


def glance(value: bytes) -> int:
    """The flags of a message's value."""
    runs = value.translate(_RUNS)
    is_long = _RUN in runs or _CHAIN in value.translate(_CHAINS)
    return (SPECIAL if _ODD in runs else 0) | (LONG_RUN if is_long else 0)
