"""Lint: rules that are well-formed and cannot do what their author wants."""

from collections.abc import Callable

import pytest

from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.rules.lint import lint
from fraud_stream.scoring.rules.load import RuleSetError, read_rule_set

MakeRules = Callable[..., str]

IMPOSSIBLE = [
    "customer_orders_1h < 0",
    "quantity > 5 and quantity < 3",
    "quantity >= 5 and not quantity > 4",
    "local_hour > 23",
    "local_hour in (1, 2) and local_hour in (3, 4)",
    "is_guest and not is_guest",
    "payment_method == 'card' and payment_method == 'wallet'",
    "payment_method in ('a', 'b') and payment_method not in ('a', 'b', 'c')",
    "customer_decline_share_24h > 1",
    "known(quantity) and not known(quantity)",
    "(quantity > 5 or quantity > 6) and quantity < 2",
    "customer_orders_1h + customer_orders_24h < 0",
    "min(customer_orders_1h, 3) > 3",
    "amount > amount",
    "card_country != card_country",
    "is_guest != is_guest",
    "default(quantity, 1) < default(quantity, 1)",
    "customer_orders_1h + 1 < customer_orders_1h + 1",
    "quantity == 1.5",
    "1.5 == customer_orders_1h",
    "quantity in (1.5, 2.5)",
    "quantity == broken",
    "local_hour in (24, 25)",
    "local_hour in (1, 2) and local_hour > 5",
    "local_hour == 3 and local_hour in (1, 2)",
    "local_hour in (1, 2) and local_hour not in (1,) and local_hour < 2",
    "email_domain in bad_domains and email_domain not in bad_domains",
    "email_domain in nobody",
    "customer_orders_1h > 5 and customer_orders_24h < 3",
    "device_customers_7d == 1 and device_customers_24h >= 2",
]
ALWAYS = [
    "customer_orders_1h >= 0",
    "quantity > 3 or quantity < 5",
    "is_guest or not is_guest",
    "not (payment_method == 'a' and payment_method == 'b')",
    "abs(account_age_days) >= 0",
    "amount == amount",
    "amount <= amount",
    "quantity != 1.5",
    "quantity not in (1.5, 2.5)",
    "local_hour not in (24, 25)",
]
POSSIBLE = [
    "quantity > 5 and lines < 3",
    "local_hour == 23",
    "amount % high == 0",
    "customer_amount_z_30d < 0",
    "amount > high and amount < 2 * high",
    "payment_method != 'a' and payment_method != 'b'",
    "is_guest > False and is_guest != False",
    "card_country != ip_country",
    "quantity == 2.0",
    "quantity in (1.5, 2)",
    "quantity > 1.5",
    "customer_decline_share_24h == 0.5",
    "default(quantity, 0.5) == 0.5",
    "local_hour in (23, 24)",
    "local_hour in (1, 2) and local_hour <= 1",
    "email_domain in bad_domains and email_domain not in ('mail.bad.example',)",
    "customer_orders_1h > 5 and customer_orders_24h < 7",
    "customer_orders_24h > 5 and customer_orders_1h < 3",
    "customer_orders_1h > 5 and customer_shops_24h < 3",
    "customer_amount_mean_24h > high and customer_amount_mean_7d < high",
]
BROKEN = "parameters:\n  broken: {value: 2.5, note: between two counts}\n"
NOBODY = "lists:\n  nobody: []\n"


@pytest.mark.parametrize("condition", IMPOSSIBLE)
def test_impossible_condition_is_found(rules_text: MakeRules, condition: str) -> None:
    text = rules_text(condition).replace("parameters:\n", BROKEN).replace("lists:\n", NOBODY)
    found = lint(read_rule_set(text, "rules.yml"))
    assert any("no order can meet" in p.message for p in found)


@pytest.mark.parametrize("condition", ALWAYS)
def test_condition_that_every_order_meets_is_found(rules_text: MakeRules, condition: str) -> None:
    found = lint(read_rule_set(rules_text(condition), "rules.yml"))
    assert any("every order meets" in p.message for p in found)


@pytest.mark.parametrize("condition", POSSIBLE)
def test_condition_that_some_orders_meet_is_left_alone(
    rules_text: MakeRules, condition: str
) -> None:
    found = lint(read_rule_set(rules_text(condition), "rules.yml"))
    assert not [p for p in found if p.severity == "error"]


def test_a_weight_that_cannot_change_an_outcome_is_found(rules_text: MakeRules) -> None:
    text = rules_text("quantity > often and amount > high", weight=0.0001)
    with pytest.raises(RuleSetError, match=r"velocity.rule_0: a weight of 0.0001 cannot change"):
        read_rule_book(text)


def test_a_small_weight_that_tips_a_scale_is_left_alone(rules_text: MakeRules) -> None:
    """0.3 and 0.15 together reach the review threshold of 0.4, neither does alone."""
    text = rules_text("quantity > often", weight=0.15)
    assert read_rule_book(text.replace("0.6", "0.3", 1).replace("0.6", "0.75"))


def test_a_threshold_that_no_score_reaches_is_found(rules_text: MakeRules) -> None:
    text = rules_text("quantity > often").replace("decline: 0.8", "decline: 0.95")
    with pytest.raises(RuleSetError, match=r"no set of active rules .* band of decline"):
        read_rule_book(text)


def test_a_band_between_the_steps_of_scores_is_found(rules_text: MakeRules) -> None:
    text = rules_text("quantity > often", weight=0.9).replace("weight: 0.6", "weight: 0.9")
    with pytest.raises(RuleSetError, match="band of review"):
        read_rule_book(text)


def test_thresholds_in_the_wrong_order_are_found(rules_text: MakeRules) -> None:
    text = rules_text("quantity > often").replace("review: 0.4", "review: 0.9")
    with pytest.raises(RuleSetError, match="review must be below decline"):
        read_rule_book(text)


def test_what_is_wrong_with_thresholds_is_said_on_their_own_lines(rules_text: MakeRules) -> None:
    block = "thresholds:\n  review: 0.4\n  decline: 0.8\n"
    text = rules_text("quantity > often").replace(
        "thresholds: {review: 0.4, decline: 0.8}\n", block
    )
    for wrong, place in (
        (text.replace("decline: 0.8", "decline: 0.95"), "decline: 0.95"),
        (text.replace("review: 0.4", "review: 0.9"), "review: 0.9"),
    ):
        problems = lint(read_rule_set(wrong, "rules.yml"))
        lines = {wrong.splitlines()[p.line - 1].strip() for p in problems if p.severity == "error"}
        assert lines == {place}


def test_a_rule_filed_under_another_factor_than_its_id_says_is_a_warning(
    rules_text: MakeRules,
) -> None:
    text = rules_text("quantity > often", factor="profile")
    (found,) = [p for p in lint(read_rule_set(text, "rules.yml")) if "factor" in p.message]
    assert found.severity == "warning"
    assert text.splitlines()[found.line - 1].strip() == "- id: velocity.rule_0"
    assert "call it profile.rule_0" in found.message


def test_an_unused_parameter_is_only_a_warning(rules_text: MakeRules) -> None:
    text = rules_text("quantity > 2")
    warnings = {p.message: p.line for p in read_rule_book(text).warnings}
    line = warnings["often is not used by any rule"]
    assert text.splitlines()[line - 1].strip().startswith("often:")


def test_a_question_whether_an_input_is_there_that_the_rule_needs_anyway_is_a_warning(
    rules_text: MakeRules,
) -> None:
    found = lint(read_rule_set(rules_text("not known(ip_country) or ip_country == 'NG'"), "r.yml"))
    said = [(p.severity, p.message) for p in found if "known" in p.message]
    assert [severity for severity, _ in said] == ["warning"]
    assert "known(ip_country) has no effect" in said[0][1]
    other = lint(read_rule_set(rules_text("known(ip_country) or quantity > 3"), "r.yml"))
    assert not [p for p in other if "known" in p.message]


def test_rules_at_rest_are_not_judged(rules_text: MakeRules) -> None:
    for state in ("draft", "paused", "archived"):
        found = lint(read_rule_set(rules_text("quantity < 0", state=state), "rules.yml"))
        assert not [p for p in found if p.severity == "error"]
