"""Reading a rule set: every mistake is found at once, with file, line and what to do."""

import re
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


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("since: 2026-01-01", "since: 2026-11-31"),
        ("since: 2026-01-01", "since: 2026-01-01T00:00:00+99:00"),
        ("owner: tests", "owner: !!binary x"),
        ("owner: tests", "owner: !mine x"),
        ("weight: 0.5", "weight: !!float x"),
        ("weight: 0.5", 'weight: !!int ""'),
        ("weight: 0.5", "weight: !!bool x"),
        ("weight: 0.5", "weight: !!timestamp x"),
        ("weight: 0.5", "weight: " + "1" * 5000),
    ],
)
def test_a_value_that_does_not_exist_is_refused_with_its_line(
    rules_text: MakeRules, right: str, wrong: str
) -> None:
    text = rules_text("amount > high").replace(right, wrong, 1)
    line = next(i for i, t in enumerate(text.splitlines(), 1) if wrong in t)
    (found,) = problems(text)
    assert found.startswith(f"mine.yml:{line}: error: ")
    assert "is no valid" in found


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        (
            "state: active",
            "state: activ",
            "rules[0].state: Invalid enum value 'activ' (did you mean active?): it is one of "
            "active, archived, draft, paused, shadow",
        ),
        ("factor: velocity", "factor: speed", "rules[0].factor: Invalid enum value 'speed': it is"),
        ("{approve: send", "{aprove: send", "'aprove' (did you mean approve?): it is one of"),
    ],
)
def test_a_word_that_is_no_choice_is_refused_with_the_choices(
    rules_text: MakeRules, right: str, wrong: str, says: str
) -> None:
    (found,) = problems(rules_text("amount > high").replace(right, wrong, 1))
    assert says in found


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("often: {value: 2,", 'often: {value: "4,5",', "parameters.often.value: Expected `float"),
        ("JPY: 165", 'JPY: "165,0"', "money.rates.JPY: Expected `float`"),
        ("[bad.example]", "[bad.example]\n  risky: [DE, NO]", "lists.risky[1]: Expected `str`"),
    ],
)
def test_what_does_not_fit_in_a_mapping_is_named_with_its_key_and_line(
    rules_text: MakeRules, right: str, wrong: str, named: str
) -> None:
    text = rules_text("amount > high").replace(right, wrong, 1)
    line = next(i for i, t in enumerate(text.splitlines(), 1) if wrong.splitlines()[-1] in t)
    (found,) = problems(text)
    assert found.startswith(f"mine.yml:{line}: error: {named}")
    assert ("in quotes" in found) == ("NO" in wrong)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("owner: tests", "onwer: tests", "rules[0].onwer: there is no such key (did you mean"),
        ("owner: tests", "xyz: tests", "rules[0].xyz: there is no such key: it is one of id, "),
        ("often: {value: 2,", "Often used: {value: 2,", "parameters.Often used: Expected `str` "),
        ("version: test-1", "version: 1.10", "version: Expected `str`, got `float`; put it in quo"),
        ("weight: 0.5", "weight: 50%", "rules[0].weight: Expected `float`, got `str`; write a "),
        ("since: 2026-01-01", "since: 1.3.2026", "encoded date; write it like 2026-11-24"),
        ("id: velocity.rule_0", "id: Rule-0", "': factor.name, in small letters, digits and _"),
        ("JPY: 165", "jpy: 165", "jpy is no ISO 4217 currency with money (did you mean JPY?)"),
    ],
)
def test_a_slip_is_told_once_with_its_line_and_the_way_out(
    rules_text: MakeRules, right: str, wrong: str, says: str
) -> None:
    text = rules_text("amount > high").replace(right, wrong, 1)
    line = next(i for i, t in enumerate(text.splitlines(), 1) if wrong in t)
    (found,) = problems(text)
    assert found.startswith(f"mine.yml:{line}: error: ")
    assert says in found


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("amount: 100", "amount: 100, override: {JPX: 1}", "high: JPX is no ISO 4217 currency"),
        ("amount: 100", "amount: 1e16", "high: its amount is 1e+16"),
        ("value: 2", "value: 2, override: {JPY: 1}", "often: an override by currency belongs"),
    ],
)
def test_a_wrong_parameter_is_no_mistake_of_the_rules_that_name_it(
    rules_text: MakeRules, right: str, wrong: str, says: str
) -> None:
    text = rules_text("amount > high and quantity > often").replace(right, wrong, 1)
    (found,) = problems(text)
    assert f"parameter {says}" in found


def test_a_parameter_named_like_a_feature_leaves_that_what_it_is(rules_text: MakeRules) -> None:
    text = rules_text("quantity > 2").replace(
        "parameters:", "parameters:\n  quantity: {amount: 1,", 1
    )
    text = text.replace("{amount: 1,", "{amount: 1, note: x}", 1)
    (found,) = problems(text)
    assert "quantity already names something else" in found


def test_an_override_needs_an_amount(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("value: 2", "value: 2, override: {JPY: 1}", 1)
    assert "parameter often: an override by currency belongs to an amount" in problems(text)[0]


@pytest.mark.parametrize(
    "condition",
    [
        "transaction_status == 'Declined'",
        "'sale' != transaction_type",
        "transaction_status in ('declined', 'refused')",
        "default(transaction_type, 'none') == 'sale'",
        "starts_with(transaction_status, 'Dec')",
        "not ends_with(default(transaction_type, 'none'), 'x')",
    ],
)
def test_a_text_that_an_order_never_has_is_refused(rules_text: MakeRules, condition: str) -> None:
    (found,) = problems(rules_text(condition))
    assert re.search("is never|never (starts|ends) with", found)
    assert ": it is one of " in found


@pytest.mark.parametrize(
    ("condition", "says"),
    [
        (
            "customer_country == 'de'",
            "customer_country is never 'de' (did you mean DE?): it is two",
        ),
        ("'de' != ip_country", "ip_country is never 'de' (did you mean DE?)"),
        ("card_country in ('DE', 'fr')", "card_country is never 'fr' (did you mean FR?)"),
        ("shipping_country == 'Germany'", "shipping_country is never 'Germany': it is two capital"),
        ("billing_country not in ('D',)", "billing_country is never 'D': "),
        ("merchant_country == ' DE'", "(did you mean DE?)"),
        ("currency == 'eur'", "currency is never 'eur' (did you mean EUR?): it is three capital"),
        ("card_bin == '4111'", "card_bin is never '4111': it is six to eight digits"),
        ("card_bin in ('4111 11',)", "(did you mean 411111?)"),
        ("email_domain == 'Mail.Example'", "(did you mean mail.example?): it is in lower case"),
        ("email_domain == '@mail.example'", "(did you mean mail.example?)"),
        ("email_domain in bad_domains", "email_domain is never 'BAD.example' (did you mean bad.ex"),
        ("default(card_country, 'none') == 'xx'", "card_country is never 'xx'"),
        (
            "starts_with(card_bin, 'IIN 4111')",
            "card_bin never starts with 'IIN 4111': it is six to eight digits",
        ),
        ("starts_with(card_bin, '4111-11')", "never starts with '4111-11' (did you mean 411111?)"),
        ("starts_with(ip_country, 'd')", "never starts with 'd' (did you mean D?): it is two"),
        ("ends_with(currency, 'NEUR')", "currency never ends with 'NEUR': it is three capital"),
        (
            "ends_with(email_domain, '.EXAMPLE')",
            "email_domain never ends with '.EXAMPLE' (did you mean .example?): it is in lower case",
        ),
        ("ends_with(email_domain, '@mail.example')", "(did you mean mail.example?)"),
        ("not ends_with(email_domain, '.example ')", "(did you mean .example?)"),
        (
            "starts_with(default(email_domain, 'None'), 'Mail')",
            "email_domain never starts with 'Mail' (did you mean mail?)",
        ),
    ],
)
def test_a_text_in_a_form_that_it_never_has_is_refused_with_its_line(
    rules_text: MakeRules, condition: str, says: str
) -> None:
    text = rules_text(condition).replace("[bad.example]", "[BAD.example]")
    (found,) = problems(text)
    line = next(i for i, t in enumerate(text.splitlines(), 1) if t.strip().startswith("when:"))
    assert found.startswith(f"mine.yml:{line}: error: velocity.rule_0: ")
    assert says in found


@pytest.mark.parametrize(
    "condition",
    [
        "transaction_status == 'declined'",
        "default(transaction_type, 'none') in ('none', 'refund')",
        "customer_country in ('DE', 'XK') or currency == 'JPY'",
        "card_bin in ('411111', '41111111')",
        "email_domain == 'mail.example' or email_domain == 'müller.example'",
        "default(card_country, 'none') == 'none'",
        "payment_method == 'card' and browser == 'Card' and customer_email == 'A@b.example'",
        "starts_with(transaction_status, 'de') or ends_with(transaction_type, 'fund')",
        "starts_with(default(transaction_type, 'None'), 'No')",
        "starts_with(card_bin, '4') and ends_with(card_bin, '1111') and ends_with(currency, 'R')",
        "starts_with(email_domain, 'mail ') or ends_with(email_domain, '.example')",
        "starts_with(default(email_domain, 'None'), 'No') or starts_with(email_domain, '')",
        "starts_with(payment_method, 'apple_') and ends_with(customer_email, '.EXAMPLE')",
    ],
)
def test_a_text_that_an_order_can_have_is_taken(rules_text: MakeRules, condition: str) -> None:
    assert read_rule_set(rules_text(condition), "mine.yml")


def test_a_payment_method_is_held_against_its_folded_form(rules_text: MakeRules) -> None:
    (found,) = problems(rules_text("payment_method in ('Apple Pay', 'card')"))
    assert "payment_method is never 'Apple Pay' (did you mean apple_pay?)" in found


def test_a_parameter_that_is_zero_divides_nothing(rules_text: MakeRules) -> None:
    text = rules_text("quantity / often > 1").replace("value: 2", "value: 0", 1)
    assert "division by zero" in problems(text)[0]


def test_the_place_in_a_condition_is_counted_in_characters(rules_text: MakeRules) -> None:
    (found,) = problems(rules_text("shipping_city == 'Köln Müngersdorf' and amout > high"))
    assert "at character 41: 'amout > high'" in found


@pytest.mark.parametrize("escape", ["\\0", "\\ud800"])
def test_a_text_that_cannot_be_stored_is_refused(rules_text: MakeRules, escape: str) -> None:
    text = rules_text("amount > high").replace("owner: tests", f'owner: "{escape}"', 1)
    assert "cannot be stored" in problems(text)[0]


def test_an_escape_of_no_character_is_refused(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("owner: tests", 'owner: "\\Uffffffff"', 1)
    assert "not YAML" in problems(text)[0]


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan", '"inf"', "1.0e+300"])
@pytest.mark.parametrize(
    ("right", "field", "named"),
    [
        ("value: 2", "value: {}", "parameter often: its value is"),
        ("amount: 100", "amount: {}", "parameter high: its amount is"),
        ("amount: 100", "amount: 100, override: {{USD: {}}}", "its override of USD is"),
        ("USD: 1.1", "USD: {}", "the rate of USD is"),
    ],
)
def test_a_number_that_nothing_can_be_computed_with_is_named(
    rules_text: MakeRules, right: str, field: str, named: str, number: str
) -> None:
    text = rules_text("amount > high", "quantity > often").replace(right, field.format(number))
    assert named in problems(text)[0]


@pytest.mark.parametrize("rate", ["0", "-1"])
def test_a_rate_is_above_zero(rules_text: MakeRules, rate: str) -> None:
    text = rules_text("amount > high").replace("USD: 1.1", f"USD: {rate}")
    assert "the rate of USD is" in problems(text)[0]


def test_an_unknown_key_in_the_history_of_an_example_gets_a_suggestion(
    rules_text: MakeRules,
) -> None:
    history = "history: [{minutes_before: 5, every_minute: 2}]"
    example = f"{{name: one, order: {{}}, expect: {{outcome: approve}}, {history}}}"
    (found,) = problems(rules_text("amount > high") + f"examples:\n  - {example}\n")
    assert "one: history: unknown key every_minute (did you mean every_minutes?)" in found


@pytest.mark.parametrize(
    ("example", "complaint"),
    [
        ("order: {ip_contry: NG}, expect: {outcome: approve}", "did you mean ip_country?"),
        (
            "order: {}, expect: {outcome: approve, silent: [velocity.rule_1]}",
            "unknown rule velocity.rule_1 (did you mean velocity.rule_0?)",
        ),
    ],
)
def test_an_example_names_fields_and_rules_that_are_there(
    rules_text: MakeRules, example: str, complaint: str
) -> None:
    text = rules_text("amount > high") + f"examples:\n  - {{name: one, {example}}}\n"
    (found,) = problems(text)
    assert complaint in found


def test_the_base_of_examples_names_fields_that_are_there(rules_text: MakeRules) -> None:
    text = rules_text("amount > high") + "example_base: {curency: EUR}\n"
    (found,) = problems(text)
    assert "example_base: unknown key curency (did you mean currency?)" in found


@pytest.mark.parametrize("written", ["{Amount}", "{ amount }", "{amount:x}", "{amount", "amount}"])
def test_a_bracket_that_is_no_placeholder_is_refused(rules_text: MakeRules, written: str) -> None:
    (found,) = problems(rules_text("amount > high", sentence=f"{written} is a lot"))
    assert "is no placeholder" in found


def test_an_unknown_currency_is_refused(rules_text: MakeRules) -> None:
    text = rules_text("amount > high").replace("JPY: 165", "XYZ: 165")
    assert "XYZ" in problems(text)[0]
