"""Limits of money in other currencies: an override by hand goes the way of its amount."""

from collections.abc import Callable

import pytest

from fraud_stream.scoring.rules.load import RuleSetError, read_rule_set

MakeRules = Callable[..., str]


@pytest.mark.parametrize("override", ["0", "-6"])
def test_an_override_is_above_zero_where_the_amount_is(
    rules_text: MakeRules, override: str
) -> None:
    own = f"amount: 100, override: {{JPY: {override}}}"
    text = rules_text("amount > high").replace("amount: 100", own)
    with pytest.raises(RuleSetError, match=r"its override of JPY is .*give an amount above 0"):
        read_rule_set(text, "mine.yml")


def test_an_override_may_be_below_zero_where_the_amount_is(rules_text: MakeRules) -> None:
    own = "amount: -100, override: {JPY: -16000}"
    text = rules_text("amount < high").replace("amount: 100", own)
    found = read_rule_set(text, "mine.yml").symbols["high"]
    assert (found.minimum, found.maximum) == (-16_000, -10_000)
