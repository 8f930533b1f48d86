"""What people write in a condition out of habit with another language, and how it is said here."""

import io
import tokenize
from collections.abc import Iterator

UNQUOTED = " (a text is in quotes)"
"""For a name that is not near to any."""

_MISSING = "say `not known(x)` for an x that is missing"
_NAMES = {
    "true": "write True",
    "false": "write False",
    "null": _MISSING,
    "none": _MISSING,
    "nil": _MISSING,
}
_IN_OPERATORS = {
    "=": "write == to compare",
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "<>": "write !=",
    "AND": "write `and` in small letters",
    "OR": "write `or` in small letters",
    "NOT": "write `not` in small letters",
    "IN": "write `in` in small letters",
    "≥": "write >=",
    "≤": "write <=",
    "≠": "write !=",
}
_NODES = {
    "bitand": "write `and`",
    "bitor": "write `or`",
    "is": f"write ==, or {_MISSING}",
    "isnot": "write !=, or `known(x)`",
    "tuple": "numbers are written with a point; several values stand in brackets, after `in`",
    "ifexp": "write a rule for each case, or `a and b or not a and c`",
}


def of_name(name: str) -> str:
    """For a name, or a constant, that other languages have; empty for any other."""
    return _aside(_NAMES.get(name.lower()))


def of_node(title: str) -> str:
    """For a kind of Python's that is no part of the language; empty where nothing is near."""
    return _aside(_NODES.get(title))


def of_text(text: str) -> str:
    """For a text that is no expression; empty when nothing of it is known to be a slip."""
    return _aside(next((_IN_OPERATORS[t] for t in _tokens(text) if t in _IN_OPERATORS), None))


def _aside(hint: str | None) -> str:
    return f" ({hint})" if hint else ""


def _tokens(text: str) -> Iterator[str]:
    """As far as Python can read them, each also together with the one before it, for `&&`."""
    before = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            yield before + token.string
            before = token.string
            yield before
    except (tokenize.TokenError, SyntaxError):
        return
