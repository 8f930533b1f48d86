"""A rule's sentence with the values of an order in it, in units that people use."""

import re
from collections.abc import Callable, Mapping, Sequence

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_stream.scoring.decision import Value
from fraud_stream.scoring.rules.language import Symbol

_PLACEHOLDER = re.compile(r"{([a-z][a-z0-9_]*)}")

Renderer = Callable[[Sequence[Value], str], str]


def placeholders(sentence: str) -> list[str]:
    """The names in curly brackets, in order."""
    return _PLACEHOLDER.findall(sentence)


def renderer(sentence: str, symbols: Mapping[str, Symbol], names: Sequence[str]) -> Renderer:
    """A function of (values in the order of `names`, currency) that fills the sentence in."""
    pieces = _PLACEHOLDER.split(sentence)
    template = "%s".join(text.replace("%", "%%") for text in pieces[::2])
    blanks = [(names.index(name), symbols[name]) for name in pieces[1::2]]

    def render(values: Sequence[Value], currency: str) -> str:
        return template % tuple([show(values[index], of, currency) for index, of in blanks])

    return render


def show(value: Value, symbol: Symbol, currency: str) -> str:
    """One value as people write it."""
    if value is None:
        return "unknown"
    if symbol.kind == "flag":
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if symbol.kind == "money":
        digits = MINOR_UNIT_DIGITS[currency]
        return f"{value / 10**digits:,.{digits}f} {currency}"
    if symbol.unit == "share":
        return f"{value:.0%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
