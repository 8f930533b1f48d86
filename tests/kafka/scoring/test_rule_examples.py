"""Examples of a rule set whose orders are none: told, with the field, and never a crash."""

import pytest

from fraud_stream.scoring.examples import run_examples
from fraud_stream.scoring.rules.book import read_rule_book


def told(starter_text: str, orders: str) -> str:
    """What is said of an example with these orders, the only one of the starter rules."""
    rules = starter_text[: starter_text.index("\nexamples:")]
    example = f"{{name: mine, expect: {{outcome: approve}}, {orders}}}"
    [result] = run_examples(read_rule_book(f"{rules}\nexamples:\n  - {example}\n"))
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
    assert message.endswith("say 100,000 at most")
