"""Forms that some texts of an order always have, by the contract or because they are folded.

What is of another form is never such a text, so a rule that looks for it looks in vain.
"""

import re
from collections.abc import Callable

import msgspec


class TextForm(msgspec.Struct, frozen=True):
    """`says` is the form in words; `folded` brings a text nearer to it, if not always into it."""

    says: str
    fits: Callable[[str], object]
    folded: Callable[[str], str]


def _upper(text: str) -> str:
    return text.strip().upper()


def _digits(text: str) -> str:
    return re.sub(r"[\s-]", "", text)


def _domain(text: str) -> str:
    return text.strip().lower().lstrip("@")


def _is_domain(text: str) -> bool:
    """As `mailbox` leaves it: in lower case, with nothing around it."""
    return bool(text) and text == text.rstrip().lower() and "@" not in text


COUNTRY = TextForm("two capital letters", re.compile("[A-Z]{2}").fullmatch, _upper)
CURRENCY = TextForm("three capital letters", re.compile("[A-Z]{3}").fullmatch, _upper)
CARD_BIN = TextForm("six to eight digits", re.compile("[0-9]{6,8}").fullmatch, _digits)
DOMAIN = TextForm("in lower case, without the @ or spaces after it", _is_domain, _domain)
