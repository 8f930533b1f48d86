"""What a parser lets through and jsonb, or a reader, would not: looked for in unusual messages.

Here come messages with escapes, with fields beyond the contract or with long numbers, and those
that a quick count cannot clear. The detail never repeats a value.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.whereabouts import Part, covering, named, told

MAX_DEPTH = 64
"""Nesting of arrays and objects; an order needs three."""

MAX_EXPONENT_DIGITS = 4
MAX_NUMBER_LENGTH = 1_000
"""Postgres' numeric ends at 131,072 digits before and 16,383 after the point; no order is near."""

MAX_KEYS = 50_000
"""Keys in a message; 10,000 items of the contract have 40,000."""

MAX_KEY_LENGTH = 256

_LONG_NUMBER = re.compile(
    rb"[0-9.]{%d}|[0-9.][eE][+-]?[0-9]{%d}" % (MAX_NUMBER_LENGTH, MAX_EXPONENT_DIGITS + 1)
)
_NUL_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


class _UnsafeError(Exception):
    """Found while parsing; its arguments are those of the rejection."""


def unsafe_escape(value: bytes) -> Rejection | None:
    """An escape in some string, known field or not, that jsonb refuses."""
    if b"\\u" not in value:
        return None
    if nul := _NUL_ESCAPE.search(value):
        where, problem = covering(nul.start()), "holds \\u0000, which Postgres cannot store"
        return Rejection("nul", told(value, where, problem, unnamed="a string"))
    if _SURROGATE_ESCAPE.search(value):
        try:
            json.dumps(json.loads(value), ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            problem = "holds half of a surrogate pair"
            detail = told(value, _holds_half_a_pair, problem, unnamed="a string")
            return Rejection("surrogate", detail)
    return None


def _holds_half_a_pair(part: Part) -> bool:
    text = part["text"] or b""
    if not _SURROGATE_ESCAPE.search(text):
        return False
    try:
        json.loads(text).encode("utf-8")
    except ValueError as fault:
        return isinstance(fault, UnicodeEncodeError)
    return False


def unsafe_number(value: bytes) -> Rejection | None:
    """A number, in whatever field, with more digits than jsonb holds."""
    if _LONG_NUMBER.search(value):
        try:
            json.loads(value, parse_int=_short_number, parse_float=_short_number)
        except _UnsafeError:
            problem = "has more digits than can be stored"
            return Rejection("bad_number", told(value, _is_long, problem, unnamed="a number"))
    return None


def unsafe_structure(value: bytes) -> Rejection | None:
    """Depth, numbers, number of keys, and keys given twice, in the whole of a JSON object."""
    if unsafe := unsafe_number(value):
        return unsafe
    if value.count(b'":') > MAX_KEYS:
        return Rejection("too_large", f"more than {MAX_KEYS} keys")
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _depth(json.loads(value)) > MAX_DEPTH:
        return Rejection("too_deep", f"more than {MAX_DEPTH} levels of arrays and objects")
    try:
        json.loads(value, object_pairs_hook=_object, parse_int=str, parse_float=str)
    except _UnsafeError as unsafe:
        return Rejection(*unsafe.args)
    return None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _UnsafeError("duplicate_key", f"{named(twice)}: given more than once")
    if max(map(len, found), default=0) > MAX_KEY_LENGTH:
        raise _UnsafeError("too_large", f"a key is longer than {MAX_KEY_LENGTH} characters")
    return found


def _short_number(digits: str) -> str:
    if _has_too_many(digits):
        raise _UnsafeError
    return digits


def _is_long(part: Part) -> bool:
    return _has_too_many((part["bare"] or b"").decode("ascii", "replace"))


def _has_too_many(digits: str) -> bool:
    _, _, exponent = digits.lower().partition("e")
    return len(digits) > MAX_NUMBER_LENGTH or len(exponent.lstrip("+-")) > MAX_EXPONENT_DIGITS


def _depth(value: Any) -> int:
    """Level by level, so that no input can exhaust the stack."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [
            child for item in level for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth
