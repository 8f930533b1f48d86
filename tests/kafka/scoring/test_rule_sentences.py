"""Reasons: limits as their author wrote them, and measured values in digits that say something."""

import pytest

from fraud_stream.scoring.order.facts import FACTS
from fraud_stream.scoring.rules.parameters import built_in_symbols, symbol_of
from fraud_stream.scoring.rules.ruleset import Money, Parameter
from fraud_stream.scoring.rules.sentences import renderer


@pytest.mark.parametrize(
    ("limit", "shown"),
    [
        (0.05, "0.05"),
        (0.125, "0.125"),
        (2.5, "2.5"),
        (900.0, "900"),
        (0.0, "0"),
        (-0.5, "-0.5"),
        (12_345.67, "12,345.67"),
        (1e6, "1,000,000"),
    ],
)
def test_a_limit_is_shown_as_it_is_written(limit: float, shown: str) -> None:
    symbol = symbol_of("limit", Parameter("a limit", value=limit), Money("EUR", {"EUR": 1}))
    render = renderer("100 % of {limit}, or {limit}", {"limit": symbol}, ["limit"])
    assert render((limit,), "EUR") == f"100 % of {shown}, or {shown}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1_234.56, "1,234.6"),
        (1.04, "1.0"),
        (0.04, "0.04"),
        (0.1, "0.1"),
        (0.1234, "0.12"),
        (0.999, "1"),
        (0.000058, "0.000058"),
        (0.0, "0"),
        (-0.0417, "-0.042"),
        (-1.04, "-1.0"),
        (None, "unknown"),
    ],
)
def test_two_digits_are_shown_of_what_is_below_one(value: float | None, shown: str) -> None:
    symbols = built_in_symbols()
    name = next(n for n, fact in FACTS.items() if fact.unit == "days")
    render = renderer(f"{{{name}}} days", symbols, [name])
    assert render((value,), "EUR") == f"{shown} days"
