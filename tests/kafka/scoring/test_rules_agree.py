"""Conditions made at random: compiled code and generated Python find the same in every order."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scorer_forms import form_or_skip

from fraud_core.events import OrderEvent
from fraud_stream.scoring.rules.book import read_rule_book
from fraud_stream.scoring.rules.load import RuleSetError
from fraud_stream.scoring.scorer import RuleScorer

NUMBERS = (
    "quantity",
    "failed_login_attempts",
    "account_age_days",
    "name_email_similarity",
    "customer_orders_24h",
    "card_orders_24h",
    "card_customers_7d",
    "customer_days_since_first",
    "shop_orders_per_customer_1h",
    "default(failed_login_attempts, 1)",
    "length(customer_email)",
    "often",
)
LITERALS = ("0", "1", "2", "-1", "3", "0.5", "1.5", "1e3", "2147483648", "1e15")
AMOUNTS = ("amount", "discount", "high", "customer_amount_sum_24h", "customer_amount_median_30d")
TEXTS = ("payment_method", "card_country", "ip_country", "email_domain", "currency")
FLAGS = (
    "is_guest",
    "is_vpn",
    "is_refund",
    "has_voucher",
    "card_customer_seen_7d",
    "customer_device_known_30d",
    "default(is_vpn, True)",
    "known(quantity)",
    "known(card_orders_24h)",
    "email_domain in bad_domains",
    "payment_method not in ['card', 'cash']",
    "quantity in [1, 2, 3]",
    "starts_with(customer_email, 'a')",
    "ends_with(customer_email, 'org')",
)
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")


def _numbers(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from("+-*/%"), parts),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), parts, parts),
        st.builds("abs({})".format, parts),
    )


def _compared(
    left: st.SearchStrategy[str], right: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    return st.builds("{} {} {}".format, left, st.sampled_from(COMPARISONS), right)


def _logic(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, parts, st.sampled_from(["and", "or"]), parts),
        st.builds("({0} and {1} and {2})".format, parts, parts, parts),
        st.builds("(not {})".format, parts),
        st.builds("(({}) == ({}))".format, parts, parts),
    )


NUMBER = st.recursive(st.sampled_from((*NUMBERS, *LITERALS)), _numbers, max_leaves=4)
AMOUNT = st.one_of(
    st.sampled_from(AMOUNTS),
    st.builds("{} * {}".format, st.sampled_from(LITERALS), st.sampled_from(AMOUNTS)),
    st.builds("({} - {})".format, st.sampled_from(AMOUNTS), st.sampled_from(AMOUNTS)),
)
TEXT = st.sampled_from((*TEXTS, "'card'", "'DE'"))
CONDITION = st.recursive(
    st.one_of(
        st.sampled_from(FLAGS),
        _compared(st.sampled_from(NUMBERS), st.sampled_from(LITERALS)),
        _compared(NUMBER, NUMBER),
        _compared(AMOUNT, AMOUNT),
        st.builds("{} {} {}".format, TEXT, st.sampled_from(["==", "!="]), TEXT),
    ),
    _logic,
    max_leaves=5,
)

MAYBE = st.sampled_from([None, "DE", "FR"])
ORDER = st.fixed_dictionaries(
    {
        "customer_id": st.sampled_from("ab"),
        "amount": st.sampled_from([0.01, 20.0, 100.0, 250.5, 21_474_836.48, 9_999_999_999.99]),
        "currency": st.sampled_from(["EUR", "USD", "JPY", "CHF"]),
        "payment_method": st.sampled_from(["card", "cash", "wallet"]),
        "discount_amount": st.sampled_from([None, 0.0, 5.0]),
        "card_fingerprint": st.sampled_from([None, "x", "y"]),
        "device_id": st.sampled_from([None, "d"]),
        "card_country": MAYBE,
        "ip_country": MAYBE,
        "is_guest": st.sampled_from([None, False, True]),
        "is_vpn": st.sampled_from([None, False, True]),
        "failed_login_attempts": st.sampled_from([None, 0, 1, 3, 1_000]),
        "transaction_type": st.sampled_from([None, "purchase", "refund"]),
        "voucher_code": st.sampled_from([None, "v"]),
        "customer_name": st.sampled_from([None, "Anna Ohm"]),
        "customer_email": st.sampled_from([None, "anna@bad.example", "b@x.org"]),
        "account_created_at": st.sampled_from([None, "2026-03-01T00:00:00Z"]),
        "items": st.sampled_from([(), (1,), (3, 400)]),
    }
)


def _order(make: Callable[..., OrderEvent], minutes: int, fields: dict[str, Any]) -> OrderEvent:
    items = [{"product_id": "p", "quantity": n, "unit_price": 1} for n in fields["items"]]
    return make(minutes, **(fields | {"items": items}))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    conditions=st.lists(CONDITION, min_size=1, max_size=8),
    orders=st.lists(ORDER, min_size=1, max_size=8),
)
def test_both_forms_find_the_same_in_every_order(
    rules_text: Callable[..., str],
    order: Callable[..., OrderEvent],
    conditions: list[str],
    orders: list[dict[str, Any]],
) -> None:
    sound = [condition for condition in conditions if _is_accepted(rules_text(condition))]
    book = read_rule_book(rules_text(*sound, state="shadow"))
    compiled = RuleScorer(book, form_or_skip("compiled"))
    python = RuleScorer(book, "python")
    for minutes, fields in enumerate(orders):
        event = _order(order, minutes, fields)
        assert msgspec.json.encode(compiled.score(event)) == msgspec.json.encode(
            python.score(event)
        ), sound


NONSENSE = {
    "no such feature": ((), ((0, (), ("value", (0, 1)), ()),)),
    "no such bank": ((), ((0, (), ("value", (3, 0)), ()),)),
    "no such operation": ((), ((0, (), ("xor", ()), ()),)),
    "a comparison of three": ((), ((0, (), ("compare", 0, (("value", (0, 0)),) * 3), ()),)),
    "no such comparison": ((), ((0, (), ("compare", 6, (("value", (0, 0)),) * 2), ()),)),
    "not of two": ((), ((0, (), ("not", (("value", (0, 0)),) * 2), ()),)),
    "a negative number": ((), ((-1, (), ("value", (0, 0)), ()),)),
    "no such need": (((1, 0),), ()),
}


@pytest.mark.parametrize("group", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_description_that_makes_no_sense_is_refused(group: tuple[Any, ...]) -> None:
    form_or_skip("compiled")
    from fraud_stream.scoring._core import Rules

    refusals = "no register|unknown: xor|not a condition|from 0|no comparison|of length 2, not 3"
    with pytest.raises((TypeError, ValueError), match=refusals):
        Rules((group,), 1, 0, ())


def test_an_order_with_other_values_than_described_is_refused() -> None:
    form_or_skip("compiled")
    from fraud_stream.scoring._core import Rules

    rules = Rules((((), ((70, (), ("value", (0, 0)), ((2, 0), (0, 0))),)),), 1, 0, ("told",))
    assert rules.judge((True,), ()) == ([(70, ("told", True))], 0)
    assert rules.judge((False,), ()) == ([], 0)
    with pytest.raises(TypeError, match="1 features and 0 facts"):
        rules.judge((), ())


def test_a_comparison_that_fails_is_an_error_of_both_forms() -> None:
    form_or_skip("compiled")
    from fraud_stream.scoring._core import Rules

    compared = ("compare", 0, (("value", (0, 0)), ("value", (2, 0))))
    rules = Rules((((), ((0, (), compared, ()),)),), 1, 0, (1,))
    with pytest.raises(TypeError, match="'<' not supported"):
        rules.judge(("text",), ())


def _is_accepted(text: str) -> bool:
    try:
        read_rule_book(text)
    except RuleSetError:
        return False
    return True
