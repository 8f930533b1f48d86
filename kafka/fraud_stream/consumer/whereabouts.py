"""Which field of a message a fault is in, for the detail of a dead letter. Pure.

The bytes are gone through part by part and never parsed as a whole, so that a field is named in a
message too deep for a parser, too, in one that is no JSON from some point on, and where a key that
is there twice would hide it. Only keys and places in lists are named, no value ever.
"""

import json
import re
from collections.abc import Callable

import msgspec

MOST_PARTS = 250_000
"""Texts, numbers, brackets and commas that are gone through, which takes tenths of a second; an
order with 10,000 items has 140,000. A fault beyond them is told without its field."""

LONGEST_PATH, LONGEST_KEY = 200, 64

Part = re.Match[bytes]
IsFaulty = Callable[[Part], bool]

_PARTS = re.compile(
    rb'(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)(?P<colon>\s*+:)?'
    rb"|(?P<mark>[][{},])"
    rb'|(?P<bare>[^][{},:"\s]++)',
    re.DOTALL,
)
_Step = bytes | int | None
"""A key as it is written, a place in a list, or None where an object's key is still to come."""


class _Found(msgspec.Struct, frozen=True):
    """`path` is empty for the message itself, or where no field has begun."""

    path: str
    is_key: bool = False


def told(value: bytes, is_faulty: IsFaulty, problem: str, *, unnamed: str) -> str:
    """The detail: the first field with a faulty part, and its problem, as `items[3].name: holds`.

    A key that has the fault itself is not repeated; the field that it is a key of is named.
    `unnamed` is the subject where no field can be.
    """
    found = _first(value, is_faulty)
    if found is None or not (found.path or found.is_key):
        return f"{unnamed} {problem}"
    subject = [found.path] if found.path else []
    return ": ".join([*subject, f"a key {problem}" if found.is_key else problem])


def covering(place: int) -> IsFaulty:
    """Whether a part is the one in which this byte is."""
    return lambda part: part.end() > place


def named(key: str) -> str:
    """A key of the message, for a detail: short, and nothing that upsets a terminal or a log."""
    return ascii(key[:LONGEST_KEY])[1:-1]


def _first(value: bytes, is_faulty: IsFaulty) -> _Found | None:
    trail: list[_Step] = []
    for number, part in enumerate(_PARTS.finditer(value)):
        if number == MOST_PARTS:
            break
        mark = part["mark"]
        if mark:
            _follow(trail, mark)
            continue
        is_key = part["colon"] is not None and bool(trail) and not isinstance(trail[-1], int)
        if is_faulty(part):
            return _Found(_path(trail), is_key)
        if is_key:
            trail[-1] = part["text"]
    return None


def _follow(trail: list[_Step], mark: bytes) -> None:
    if mark == b"{":
        trail.append(None)
    elif mark == b"[":
        trail.append(0)
    elif trail and mark == b",":
        last = trail[-1]
        trail[-1] = last + 1 if isinstance(last, int) else None
    elif trail:
        trail.pop()


def _path(trail: list[_Step]) -> str:
    path = ""
    for step in trail:
        if step is None or len(path) > LONGEST_PATH:
            break
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f"{'.' if path else ''}{named(_text(step))}"
    return path if len(path) <= LONGEST_PATH else f"{path[:LONGEST_PATH]}..."


def _text(key: bytes) -> str:
    text = key.decode("utf-8", "replace")
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return text.strip('"')
