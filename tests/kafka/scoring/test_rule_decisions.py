"""What a decision records: missing inputs, rules in shadow, snoozes, recommended actions."""

from collections.abc import Callable

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
