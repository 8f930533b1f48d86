"""Reading a rule set: every mistake is found at once, with file, line and what to do."""

from collections.abc import Callable

import pytest

from fraud_stream.scoring.rules.load import RuleSetError, read_rule_set

MakeRules = Callable[..., str]


def problems(text: str) -> list[str]:
    with pytest.raises(RuleSetError) as refused:
        read_rule_set(text, "mine.yml")
    return [str(problem) for problem in refused.value.problems]


def test_all_mistakes_are_told_together(rules_text: MakeRules) -> None:
    found = problems(rules_text("amont > high", "quantity > 'x'", "is_gest"))
    assert len(found) == 3
    assert all(line.startswith("mine.yml:") for line in found)


def test_a_field_of_the_wrong_type_is_named_with_its_line(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("weight: 0.5", "weight: heavy")
    (found,) = problems(text)
    line = next(i for i, t in enumerate(text.splitlines(), 1) if "heavy" in t)
    assert found.startswith(f"mine.yml:{line}: error: rules[0].weight:")


def test_an_unknown_field_is_refused(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("owner: tests", "owners: tests", 1)
    assert "owners" in problems(text)[0]


def test_a_weight_of_one_is_refused(rules_text: MakeRules) -> None:
    assert "weight" in problems(rules_text("amount > high", weight=1))[0]


def test_an_id_given_twice_is_refused(rules_text: MakeRules) -> None:
    text = rules_text("amount > high", "amount > high").replace("rule_1", "rule_0")
    assert "is used in line" in problems(text)[0]


def test_a_key_given_twice_is_refused(rules_text: MakeRules) -> None:
    assert "version is given twice" in problems(rules_text("amount > high") + "version: b\n")[0]


def test_aliases_are_refused_before_they_unfold() -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    assert "aliases" in problems(bomb)[0]


def test_what_is_not_yaml_is_refused_with_its_line() -> None:
    assert problems("version: [1\nrules: x")[0].startswith("mine.yml:2: error: not YAML")


def test_a_placeholder_that_the_condition_lacks_is_refused(rules_text: MakeRules) -> None:
    text = rules_text("amount > high", sentence="something about {quantity}")
    assert "does not use quantity" in problems(text)[0]


def test_an_unknown_placeholder_gets_a_suggestion(rules_text: MakeRules) -> None:
    text = rules_text("amount > high", sentence="something about {amonut}")
    assert "did you mean amount?" in problems(text)[0]


def test_a_parameter_needs_a_value_or_an_amount(rules_text: MakeRules) -> None:
    text = rules_text("quantity > often").replace("{value: 2, note", "{note")
    assert "give either a value or an amount" in problems(text)[0]


def test_a_parameter_cannot_hide_a_feature(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("  often:", "  customer_orders_1h:")
    assert "already names something else" in problems(text)[0]


def test_an_unknown_currency_is_refused(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("JPY: 165", "XYZ: 165")
    assert "XYZ" in problems(text)[0]
