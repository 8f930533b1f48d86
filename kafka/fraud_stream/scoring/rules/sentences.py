"""A rule's sentence with the values of an order in it, in units that people use."""

import re
from collections.abc import Callable, Mapping

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_stream.scoring.decision import Value
from fraud_stream.scoring.rules.language import Symbol

_PLACEHOLDER = re.compile(r"{([a-z][a-z0-9_]*)}")

Renderer = Callable[[Mapping[str, Value], str], str]


def placeholders(sentence: str) -> list[str]:
    """The names in curly brackets, in order."""
    return _PLACEHOLDER.findall(sentence)


def renderer(sentence: str, symbols: Mapping[str, Symbol]) -> Renderer:
    """A function of (values, currency) that fills the sentence in."""
    pieces = _PLACEHOLDER.split(sentence)
    texts, names = pieces[::2], pieces[1::2]

    def render(values: Mapping[str, Value], currency: str) -> str:
        shown = [texts[0]]
        for name, text in zip(names, texts[1:], strict=True):
            shown.append(show(values.get(name), symbols[name], currency))
            shown.append(text)
        return "".join(shown)

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
