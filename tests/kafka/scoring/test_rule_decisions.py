"""What a decision records: missing inputs, rules in shadow, snoozes, recommended actions."""

import random
from collections.abc import Callable, Iterable

import pytest

from fraud_core.events import OrderEvent
from fraud_stream.scoring.decision import values_of
from fraud_stream.scoring.scorer import RuleScorer

MakeScorer = Callable[..., RuleScorer]
MakeOrder = Callable[..., OrderEvent]


def test_a_missing_input_makes_its_rule_not_evaluable_and_its_factor_neutral(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    decision = scorer("card_orders_1h >= 0 and quantity > 1").score(order())
    assert decision.not_evaluable == ("velocity.rule_0",)
    assert decision.factors["velocity"] is None
    assert decision.factors["amount"] == 0.0


def test_one_evaluable_rule_keeps_its_factor_from_being_neutral(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    decision = scorer("card_orders_1h > 3", "customer_orders_1h > 3").score(order())
    assert decision.factors["velocity"] == 0.0


NULLABLE = {
    "customer_email": "a@b.example",
    "customer_name": "A",
    "customer_country": "DE",
    "ip_country": "DE",
    "card_country": "DE",
    "merchant_country": "DE",
    "card_bin": "411111",
    "decline_code": "do_not_honor",
    "device_type": "phone",
    "device_os": "os",
    "browser": "b",
    "referrer_url": "r",
    "merchant_category": "books",
    "is_guest": True,
    "is_vpn": True,
    "failed_login_attempts": 1,
    "device_id": "d",
    "card_fingerprint": "f",
    "voucher_code": "v",
    "ip_address": "192.0.2.1",
    "discount_amount": 1.0,
    "account_created_at": "2025-01-01T00:00:00Z",
    "password_changed_at": "2025-01-01T00:00:00Z",
    "merchant_owner_id": "o",
}
ASKED = {
    "is_guest": "is_guest",
    "is_vpn": "is_vpn",
    "failed_login_attempts": "failed_login_attempts > 0",
    "device_id": "device_orders_1h < 1000",
    "card_fingerprint": "card_orders_1h < 1000",
    "voucher_code": "voucher_customers_1h < 1000",
    "ip_address": "ip_orders_1h < 1000",
    "discount_amount": "discount < 1000 * high",
    "account_created_at": "account_age_days >= 0",
    "password_changed_at": "password_age_hours >= 0",
    "merchant_owner_id": "not buyer_is_owner",
}
"""What a rule asks that needs the field; of texts, whether they are what is given."""


def _asks(fields: Iterable[str]) -> str:
    return " and ".join(ASKED.get(f, f"{f} == '{NULLABLE[f]}'") for f in fields)


@pytest.mark.parametrize("seed", range(4))
def test_rules_that_share_inputs_miss_their_own_and_no_others(
    scorer: MakeScorer, order: MakeOrder, seed: int
) -> None:
    dice = random.Random(seed)
    fields = list(NULLABLE)
    needs = [set(fields[:count]) for count in range(1, len(fields) + 1)]  # each in the one after it
    needs += [set(dice.sample(fields, dice.randint(1, 4))) for _ in range(20)]
    judge = scorer(*(_asks(sorted(some)) for some in needs))
    for _ in range(60):
        absent = set(dice.sample(fields, dice.choice((0, 1, 1, 2, 5))))
        decision = judge.score(order(**{f: v for f, v in NULLABLE.items() if f not in absent}))
        missed = [f"velocity.rule_{n}" for n, some in enumerate(needs) if some & absent]
        assert list(decision.not_evaluable) == missed
        others = {f"velocity.rule_{n}" for n, some in enumerate(needs) if not some & absent}
        assert {reason.rule for reason in decision.reasons} == others


def test_rules_in_shadow_are_told_in_the_order_of_the_rule_set(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    conditions = (
        "is_guest and is_vpn",
        "amount > 0",
        "is_vpn",
        "is_guest",
        "customer_orders_1h < 1000",
    )
    decision = scorer(*conditions, state="shadow").score(order(is_guest=True, is_vpn=True))
    assert [r.rule for r in decision.shadow] == [f"velocity.rule_{n}" for n in range(5)]


def test_an_empty_text_counts_as_missing(scorer: MakeScorer, order: MakeOrder) -> None:
    decision = scorer("customer_name == 'x'").score(order(customer_name=""))
    assert decision.not_evaluable == ("velocity.rule_0",)


def test_what_is_no_ip_address_is_no_key_of_all_who_send_it(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    judge = scorer("ip_orders_1h >= 1")
    for number in range(2):
        decision = judge.score(order(number, customer_id=f"c{number}", ip_address="unknown"))
        assert decision.not_evaluable == ("velocity.rule_0",)


def test_an_ip_address_has_one_history_however_it_is_written(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    judge = scorer("ip_orders_1h >= 1")
    judge.score(order(0, ip_address="203.0.113.9:443"))
    decision = judge.score(order(1, ip_address=" ::ffff:203.0.113.9"))
    assert [reason.rule for reason in decision.reasons] == ["velocity.rule_0"]


def test_a_rule_in_shadow_is_recorded_apart_and_changes_nothing(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    decision = scorer("amount > high / 10", state="shadow", weight=0.9).score(order())
    assert [reason.rule for reason in decision.shadow] == ["velocity.rule_0"]
    assert decision.shadow[0].contribution == 0.0
    assert (decision.outcome, decision.score, decision.reasons) == ("approve", 0.0, ())


def test_rules_at_rest_are_not_evaluated(scorer: MakeScorer, order: MakeOrder) -> None:
    for state in ("draft", "paused", "archived"):
        decision = scorer("amount > high / 10", state=state).score(order())
        assert not decision.reasons
        assert not decision.shadow


def test_reasons_hold_the_values_that_fired(scorer: MakeScorer, order: MakeOrder) -> None:
    judge = scorer("customer_orders_1h >= 1 and amount > high / 10")
    judge.score(order())
    (reason,) = judge.score(order(5)).reasons
    assert reason.values == {"customer_orders_1h": 1, "amount": 2000}


def test_a_reason_that_comes_again_is_its_own_orders(scorer: MakeScorer, order: MakeOrder) -> None:
    judge = scorer("is_vpn", "amount > high / 10")
    alone = judge.score(order(amount=1.0, is_vpn=True)).reasons
    beside = judge.score(order(is_vpn=True)).reasons
    again = judge.score(order(amount=1.0, is_vpn=True)).reasons

    assert [reason.rule for reason in alone] == ["velocity.rule_0"]
    assert sorted(reason.rule for reason in beside) == ["velocity.rule_0", "velocity.rule_1"]
    assert again == alone
    (same,) = [reason for reason in beside if reason.rule == "velocity.rule_0"]
    assert same.contribution < alone[0].contribution
    assert same.values == alone[0].values == {"is_vpn": True}


def test_the_snapshot_holds_features_that_are_at_rest_too(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    decision = scorer("customer_orders_1h > 1 and card_orders_1h > 1").score(order())
    assert values_of(decision.features) == {"card_orders_1h": None, "customer_orders_1h": 0}


def test_the_outcome_recommends_an_action(scorer: MakeScorer, order: MakeOrder) -> None:
    assert scorer("amount > high").score(order()).recommended_action == "send it"
    assert scorer("amount > high / 10").score(order()).recommended_action == "look at it"


def test_a_rules_own_action_comes_before_that_of_a_review(
    scorer: MakeScorer, order: MakeOrder
) -> None:
    judge = scorer("amount > high / 10", owner="tests\n    action: call the customer")
    assert judge.score(order()).recommended_action == "call the customer"


def test_a_decline_takes_no_rules_own_action(scorer: MakeScorer, order: MakeOrder) -> None:
    judge = scorer("amount > high / 10", owner="tests\n    action: call the customer", weight=0.9)
    decision = judge.score(order())
    assert (decision.outcome, decision.recommended_action) == ("decline", "refuse it")
