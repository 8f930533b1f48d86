"""Examples of a rule set whose orders are none: told, with the field, and never a crash."""

from collections.abc import Callable

import pytest

from fraud_stream.scoring.examples import ExampleResult, run_examples
from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.rules.load import RuleSetError

MakeRules = Callable[..., str]


def run(starter_text: str, orders: str) -> ExampleResult:
    """What becomes of an example with these orders, the only one of the starter rules."""
    rules = starter_text[: starter_text.index("\nexamples:")]
    example = f"{{name: mine, expect: {{outcome: approve}}, {orders}}}"
    [result] = run_examples(read_rule_book(f"{rules}\nexamples:\n  - {example}\n"))
    return result


def told(starter_text: str, orders: str) -> str:
    """What is said of an example whose orders are none."""
    result = run(starter_text, orders)
    assert not result.outcome
    return ", ".join(result.differences)


@pytest.mark.parametrize(
    ("orders", "field"),
    [
        ("order: {}, history: [{minutes_before: 1e12}]", "minutes_before"),
        ("order: {}, history: [{minutes_before: .inf}]", "minutes_before"),
        (
            "order: {event_time: '0001-01-01T00:00:00Z'}, history: [{minutes_before: 1}]",
            "minutes_before",
        ),
        (
            "order: {}, history: [{minutes_before: 1, times: 2, every_minutes: 1e300}]",
            "every_minutes",
        ),
        (
            "order: {event_time: '9999-12-31T23:59:59Z'}, "
            "history: [{minutes_before: 0, label: fraud}]",
            "label",
        ),
    ],
)
def test_a_time_beyond_the_calendar_is_no_order(starter_text: str, orders: str, field: str) -> None:
    message = told(starter_text, orders)
    assert message.startswith(f"not an order: {field} leads from ")
    assert message.endswith("out of the years 1 to 9999: give less, or another event_time")


@pytest.mark.parametrize(
    "orders",
    [
        "order: {amount: 1e300}",
        "order: {amount: .inf}",
        "order: {}, history: [{minutes_before: 1, amount: 1e300}]",
    ],
)
def test_an_amount_that_cannot_be_counted_is_no_order(starter_text: str, orders: str) -> None:
    assert told(starter_text, orders) == ("not an order: amount is too large: give a smaller one")


@pytest.mark.parametrize("times", ["1e12", ".inf"])
def test_a_history_does_not_repeat_itself_for_ever(starter_text: str, times: str) -> None:
    message = told(starter_text, f"order: {{}}, history: [{{minutes_before: 1, times: {times}}}]")
    assert message.startswith("not an order: times is ")
    assert message.endswith("say a whole number, 100,000 at most")


@pytest.mark.parametrize(
    ("orders", "named"),
    [
        ("order: {}, history: [{times: 3}]", "missing required field `minutes_before`"),
        ("order: {}, history: [{minutes_before: an hour}]", "got `str` - at `$.minutes_before`"),
        ("order: {}, history: [{minutes_before: .nan}]", "minutes_before leads from"),
        ("order: {}, history: [{minutes_before: 1, times: 0}]", ">= 1.0 - at `$.times`"),
        ("order: {}, history: [{minutes_before: 1, times: no}]", "at `$.times`"),
        ("order: {}, history: [{minutes_before: 1, times: }]", "at `$.times`"),
        ("order: {}, history: [{minutes_before: 1, times: 2.5}]", "times is 2.5: say a whole"),
        ("order: {}, history: [{minutes_before: 1, every_minutes: x}]", "at `$.every_minutes`"),
        ("order: {}, history: [{minutes_before: 1, label: frud}]", "'frud' - at `$.label`"),
        ("order: {}, history: [{minutes_before: 1, currency: XYZ}]", "currency: XYZ is no ISO"),
        ("order: {currency: XYZ}", "currency: XYZ is no ISO 4217 code with money"),
        ("order: {amount: ten}", "at `$.amount`"),
    ],
)
def test_what_is_wrong_in_an_example_is_named(starter_text: str, orders: str, named: str) -> None:
    assert named in told(starter_text, orders)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ("order: {shipping: {contry: DE}}", "order: shipping: unknown key contry (did you mean"),
        ("order: {items: [{product_id: p, qty: 3}]}", "order: items: unknown key qty"),
        ("order: {}, history: [{minutes_before: 1, billing: {town: X}}]", "billing: unknown key"),
    ],
)
def test_an_unknown_key_inside_an_order_is_refused(
    starter_text: str, part: str, named: str
) -> None:
    with pytest.raises(RuleSetError) as refused:
        run(starter_text, part)
    assert named in str(refused.value)


EXPECT = "{outcome: approve, fires: [velocity.rule_0], silent: [velocity.rule_1]}"
EXAMPLES = f"""
example_base: {{schema_version: 1, customer_id: c, merchant_id: m, payment_method: card, amount: 20,
  currency: EUR, event_time: "2026-03-03T14:00:00Z"}}
examples:
  - {{name: mine, order: {{}}, expect: {EXPECT}}}
"""


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("amount < high", ["velocity.rule_1 should be silent and fired"]),
        ("amount > high", []),
    ],
)
def test_rules_in_shadow_can_be_tried_by_examples(
    rules_text: MakeRules, second: str, told: list[str]
) -> None:
    text = rules_text("amount < high", second, state="shadow") + EXAMPLES
    [result] = run_examples(read_rule_book(text))
    assert list(result.differences) == told
    assert result.reasons == ()


@pytest.mark.parametrize(
    ("condition", "state", "why"),
    [
        ("discount > high", "active", ", for want of an input"),
        ("amount < high", "paused", ", because it is paused"),
        ("amount > high", "active", ""),
    ],
)
def test_why_a_rule_did_not_fire_is_said(
    rules_text: MakeRules, condition: str, state: str, why: str
) -> None:
    text = rules_text(condition, "amount > 2 * high", state=state) + EXAMPLES
    [result] = run_examples(read_rule_book(text))
    assert result.differences == (f"velocity.rule_0 should fire and did not{why}",)
