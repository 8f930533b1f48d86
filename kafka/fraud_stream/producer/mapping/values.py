"""From a cell's text to a value of the event, or a ValueError that says what is wrong with it."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from faker.providers.date_time import Provider

from fraud_core.currency import MINOR_UNIT_DIGITS, to_minor_units
from fraud_stream.producer.mapping.spec import Field
from fraud_stream.producer.world.fragments import opaque_bytes

_GAP = r"(?:%20|[\W_])*"
_CARD_LIKE = re.compile(rf"\d(?:{_GAP}\d){{12,}}")
_TWELVE = re.compile(rf"((?:\d{_GAP}){{11}}\d)(?={_GAP}\d)")
_TRUE, _FALSE = frozenset({"1", "true", "t", "yes", "y"}), frozenset({"0", "false", "f", "no", "n"})
ROUNDING_NOISE = 1e-6
"""What a sum of binary fractions may be off by; more than that is a real further decimal."""


def converter(field: Field) -> Callable[[str], Any]:
    """The function for a field's kind."""
    if field.kind == "time":
        return _time(field)
    return {
        "text": str,
        "id": without_card_number,
        "amount": _numbers(field),
        "number": _numbers(field),
        "integer": int,
        "boolean": _boolean,
        "country": _country,
        "fingerprint": _fingerprint,
        "bin": _bin,
    }[field.kind]


def money(amount: float, currency: str) -> float:
    """The amount without the noise of binary sums. Raises ValueError when it has real decimals."""
    if currency not in MINOR_UNIT_DIGITS:
        raise ValueError(f"currency {currency!r} is no ISO 4217 code of money in use")
    rounded = round(amount, MINOR_UNIT_DIGITS[currency])
    if abs(rounded - amount) > ROUNDING_NOISE or to_minor_units(rounded, currency) is None:
        raise ValueError(f"amount {amount!r} has more decimals than {currency}")
    return rounded


def without_card_number(text: str) -> str:
    """An id, its thirteen digits and more without a letter between broken up by underscores.

    Otherwise some of them would pass for card numbers. Different ids stay different.
    """
    return _CARD_LIKE.sub(lambda run: _TWELVE.sub(r"\1_", run[0]), text)


def _numbers(field: Field) -> Callable[[str], float]:
    """A number as the file writes it; 12.5 is none where points stand between thousands."""
    decimal, thousands = field.decimal, field.thousands
    if (decimal, thousands) == (".", ""):
        return _number
    groups = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
    written = re.compile(rf"[+-]?(?:{groups}\d+)(?:{re.escape(decimal)}\d+)?", re.ASCII)

    def read(text: str) -> float:
        stripped = text.strip()
        if not written.fullmatch(stripped):
            between = f" and {thousands!r} between thousands" if thousands else ""
            raise ValueError(f"{text!r} is no number with {decimal!r} before its decimals{between}")
        return _number(stripped.replace(thousands, "").replace(decimal, "."))

    return read


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no finite number")
    return number


def _time(field: Field) -> Callable[[str], datetime]:
    zone = ZoneInfo(field.zone)
    layout = field.format
    if layout == "epoch":
        return lambda text: datetime.fromtimestamp(float(text), UTC)

    def parse(text: str) -> datetime:
        instant = datetime.strptime(text, layout) if layout else datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=zone)

    return parse


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"{text!r} is neither true nor false")


@lru_cache(maxsize=1_000)
def _country(text: str) -> str:
    """A country's code, by its code or its English name."""
    if len(text) == 2 and text.isalpha():
        return text.upper()
    for country in Provider.countries:
        if text == country.name:
            return country.alpha_2_code
    raise ValueError(f"{text!r} is no country")


@lru_cache(maxsize=100_000)
def _fingerprint(text: str) -> str:
    """Stands for a card or another secret; letters only, the same for the same input."""
    return opaque_bytes(blake2b(text.encode(), digest_size=12).digest())


def _bin(text: str) -> str:
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isdigit() and 12 <= len(digits) <= 19):
        raise ValueError("not a card number of 12 to 19 digits")
    return digits[:6]
