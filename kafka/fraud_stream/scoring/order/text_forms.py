"""Forms that some texts of an order always have, by the contract or because they are folded.

What is of another form is never such a text, so a rule that looks for it looks in vain.
"""

import re
from collections.abc import Callable

import msgspec

from fraud_stream.scoring.order.identity import composed


class TextForm(msgspec.Struct, frozen=True):
    """`says` is the form in words; `folded` brings a text nearer to it, if not always into it.

    `begins` and `ends` say whether some text of the form begins, or ends, with a text.
    """

    says: str
    fits: Callable[[str], object]
    begins: Callable[[str], object]
    ends: Callable[[str], object]
    folded: Callable[[str], str]


def _code(says: str, letter: str, least: int, most: int, folded: Callable[[str], str]) -> TextForm:
    """So many letters of one kind, of which any part can stand anywhere."""
    part = re.compile(f"{letter}{{0,{most}}}").fullmatch
    return TextForm(says, re.compile(f"{letter}{{{least},{most}}}").fullmatch, part, part, folded)


def _upper(text: str) -> str:
    return text.strip().upper()


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def _method(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")


def _is_in_method(text: str) -> bool:
    return text == text.lower() and " " not in text and "-" not in text


def _domain(text: str) -> str:
    return composed(text.strip().lower().lstrip("@").rstrip("."))


def _is_in_domain(text: str) -> bool:
    return text == composed(text.lower()) and "@" not in text


def _ends_domain(text: str) -> bool:
    """As `mailbox` leaves it: in lower case, with neither spaces nor dots behind it."""
    return _is_in_domain(text) and text == text.rstrip().rstrip(".")


def _is_domain(text: str) -> bool:
    return bool(text) and _ends_domain(text)


COUNTRY = _code("two capital letters", "[A-Z]", 2, 2, _upper)
CURRENCY = _code("three capital letters", "[A-Z]", 3, 3, _upper)
CARD_BIN = _code("six to eight digits", "[0-9]", 6, 8, _digits)
PAYMENT_METHOD = TextForm(
    "in lower case, with _ for spaces and hyphens",
    lambda text: text == _method(text),
    _is_in_method,
    _is_in_method,
    _method,
)
DOMAIN = TextForm(
    "in lower case, without the @, or spaces or dots after it",
    _is_domain,
    _is_in_domain,
    _ends_domain,
    _domain,
)
