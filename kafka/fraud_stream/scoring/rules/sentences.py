"""A rule's sentence with the values of an order in it, in units that people use."""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from fraud_core.currency import MINOR_UNIT_DIGITS
from fraud_stream.scoring.decision import Value
from fraud_stream.scoring.rules.language import Symbol

_PLACEHOLDER = re.compile(r"{([a-z][a-z0-9_]*)}")

Renderer = Callable[[Sequence[Value], str], str]
Show = Callable[[Value, str], str]
"""A value and the order's currency as text."""


def placeholders(sentence: str) -> list[str]:
    """The names in curly brackets, in order."""
    return _PLACEHOLDER.findall(sentence)


def stray_brackets(sentence: str) -> list[str]:
    """What stands in curly brackets, or after one, and is no placeholder."""
    return re.findall(r"{[^{}]*}?|}", _PLACEHOLDER.sub("", sentence))


def renderer(sentence: str, symbols: Mapping[str, Symbol], names: Sequence[str]) -> Renderer:
    """A function of (values in the order of `names`, currency) that fills the sentence in."""
    pieces = _PLACEHOLDER.split(sentence)
    texts = [text.replace("%", "%%") for text in pieces[::2]]
    template, blanks = texts[0], list[tuple[int, Show]]()
    for name, text in zip(pieces[1::2], texts[1:], strict=True):
        symbol = symbols[name]
        if symbol.constant and symbol.kind == "number":
            template += _constant(symbol.minimum) + text
        else:
            template += f"%s{text}"
            blanks.append((names.index(name), _shown_as(symbol)))

    def render(values: Sequence[Value], currency: str) -> str:
        return template % tuple([show(values[index], currency) for index, show in blanks])

    return render


def _constant(value: float) -> str:
    """As it is written, whatever its size."""
    return f"{int(value) if value == int(value) else value:,}"


def _shown_as(symbol: Symbol) -> Show:
    """How people write such values; chosen once a rule, since reasons are written all day long."""
    if symbol.kind == "flag":
        return _flag
    if symbol.kind == "money":
        return money
    return _share if symbol.unit == "share" else _plain


def _flag(value: Value, _: str) -> str:
    return "unknown" if value is None else "yes" if value else "no"


def money(value: Value, currency: str) -> str:
    """Minor units of a currency as people write an amount."""
    if not isinstance(value, int | float):
        return "unknown"
    digits = MINOR_UNIT_DIGITS[currency]
    return f"{value / 10**digits:,.{digits}f} {currency}"


def _share(value: Value, _: str) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else "unknown"


def _plain(value: Value, _: str) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _small(value) if -1 < value < 1 else f"{value:,.1f}"
    return "unknown" if value is None else value


def _small(value: float) -> str:
    """Two digits that count: of 0.04 and a limit of 0.05 neither is 0, and neither is 0.1."""
    text = f"{value:.2g}"
    return f"{Decimal(text):f}" if "e" in text else text
