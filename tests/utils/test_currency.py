"""Money as whole minor units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_core.currency import MINOR_UNIT_DIGITS, to_minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (12.34, "EUR", 1234),
        (0.29, "USD", 29),
        (1980.0, "JPY", 1980),
        (1.234, "KWD", 1234),
        (9_999_999_999.99, "EUR", 999_999_999_999),
    ],
)
def test_amount_becomes_minor_units(amount: float, currency: str, minor: int) -> None:
    assert to_minor_units(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency"), [(0.005, "EUR"), (1980.5, "JPY"), (1.2345, "KWD"), (12.340001, "USD")]
)
def test_more_decimals_than_the_currency_has_are_refused(amount: float, currency: str) -> None:
    assert to_minor_units(amount, currency) is None


def test_unknown_currency_is_an_error() -> None:
    with pytest.raises(KeyError):
        to_minor_units(1.0, "XXX")


@given(st.integers(1, 10**12 - 1), st.sampled_from(sorted(MINOR_UNIT_DIGITS)))
def test_every_exact_amount_survives_the_trip_through_a_double(minor: int, currency: str) -> None:
    amount = Decimal(minor).scaleb(-MINOR_UNIT_DIGITS[currency])
    assert to_minor_units(float(amount), currency) == minor
