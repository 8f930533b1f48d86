"""The three starter rules, the edges of their window, and the state they leave behind."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_core.events import Address, OrderEvent
from fraud_stream.scoring.decision import FACTORS, Decision, values_of
from fraud_stream.scoring.starter import HORIZON, LATENESS, VELOCITY_ALLOWED, StarterScorer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


def order(
    at: datetime = NOON,
    *,
    customer: str = "c",
    amount: float = 10.0,
    currency: str = "EUR",
    card: str | None = None,
    ship: str | None = None,
) -> OrderEvent:
    return OrderEvent(
        schema_version=1,
        transaction_id="t",
        customer_id=customer,
        merchant_id="m",
        event_time=at,
        amount=amount,
        currency=currency,
        payment_method="card",
        card_country=card,
        shipping=Address(country=ship) if ship else None,
    )


def rules(decision: Decision) -> list[str]:
    return [reason.rule for reason in decision.reasons]


def count_before(times: list[datetime], at: datetime) -> object:
    """The velocity feature of an order at `at`, when those times were taken in before."""
    scorer = StarterScorer()
    for time in times:
        scorer.absorb(order(time))
    return values_of(scorer.score(order(at)).features)["customer_orders_1h"]


def test_an_ordinary_order_is_approved_without_reasons() -> None:
    decision = StarterScorer().score(order(card="DE", ship="DE"))
    assert (decision.outcome, decision.score, decision.reasons) == ("approve", 0.0, ())


def test_an_order_at_the_limit_passes_and_a_cent_more_fires() -> None:
    assert rules(StarterScorer().score(order(amount=300.0))) == []
    assert rules(StarterScorer().score(order(amount=300.01))) == ["amount.over_limit"]


def test_a_limit_holds_for_its_own_currency() -> None:
    assert rules(StarterScorer().score(order(amount=30_000.0, currency="JPY"))) == []


def test_a_currency_without_a_limit_is_not_judged() -> None:
    decision = StarterScorer().score(order(amount=9e9, currency="ISK"))
    assert decision.factors["amount"] is None


def test_a_card_from_one_country_and_goods_to_another_fire() -> None:
    decision = StarterScorer().score(order(card="DE", ship="FR"))
    assert rules(decision) == ["geographic.card_shipping_mismatch"]
    assert decision.reasons[0].sentence == "The card is from DE, but the goods go to FR."


@pytest.mark.parametrize(("card", "ship"), [(None, "FR"), ("DE", None)])
def test_a_missing_country_leaves_geography_neutral(card: str | None, ship: str | None) -> None:
    assert StarterScorer().score(order(card=card, ship=ship)).factors["geographic"] is None


def test_velocity_fires_with_one_more_than_allowed() -> None:
    scorer = StarterScorer()
    decisions = [scorer.score(order(NOON + TICK * n)) for n in range(VELOCITY_ALLOWED + 2)]
    assert [rules(decision) for decision in decisions[-2:]] == [[], ["velocity.customer_1h"]]


def test_an_order_is_never_in_its_own_window() -> None:
    assert count_before([], NOON) == 0


def test_an_order_exactly_one_window_ago_counts_and_one_before_that_does_not() -> None:
    assert count_before([NOON - HOUR], NOON) == 1
    assert count_before([NOON - HOUR - TICK], NOON) == 0


def test_an_order_of_the_same_moment_does_not_count() -> None:
    assert count_before([NOON, NOON], NOON) == 0
    assert count_before([NOON - TICK], NOON) == 1


def test_a_late_order_counts_what_was_before_it_and_not_what_came_after() -> None:
    assert count_before([NOON, NOON - 2 * HOUR], NOON - HOUR) == 1


def test_orders_of_other_customers_do_not_count() -> None:
    scorer = StarterScorer()
    scorer.absorb(order(NOON - TICK, customer="other"))
    assert values_of(scorer.score(order(NOON)).features)["customer_orders_1h"] == 0


def test_the_strongest_reason_comes_first_and_all_three_decline() -> None:
    scorer = StarterScorer()
    for n in range(5):
        scorer.absorb(order(NOON - TICK * (n + 1)))
    decision = scorer.score(order(amount=5_000.0, card="DE", ship="FR"))
    assert rules(decision) == [
        "amount.over_limit",
        "geographic.card_shipping_mismatch",
        "velocity.customer_1h",
    ]
    assert (decision.outcome, decision.score) == ("decline", 1.0)


def test_the_three_factors_are_judged_and_the_others_are_none() -> None:
    factors = StarterScorer().score(order(card="DE", ship="DE")).factors
    assert tuple(factors) == FACTORS
    judged = {name for name, value in factors.items() if value is not None}
    assert judged == {"amount", "velocity", "geographic"}


def test_memory_forgets_customers_beyond_the_horizon() -> None:
    scorer = StarterScorer()
    scorer.absorb(order(NOON - HORIZON - TICK, customer="gone"))
    scorer.absorb(order(NOON, customer="here"))
    assert set(scorer.state()) == {"here"}


def test_memory_of_one_customer_is_bounded_by_lateness() -> None:
    scorer = StarterScorer()
    for day in range(30):
        scorer.absorb(order(NOON + timedelta(days=day)))
    assert len(scorer.state()["c"]) <= 1 + (LATENESS + HOUR) // timedelta(days=1)


MOMENTS = st.integers(-50 * 24 * 60, 50 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def _order_after(moment: timedelta, customer: str) -> OrderEvent:
    return order(NOON + moment, customer=customer)


ORDERS = st.lists(st.builds(_order_after, MOMENTS, st.sampled_from("abc")), max_size=40)


@given(ORDERS, ORDERS)
def test_state_rebuilt_from_the_horizon_decides_like_the_live_one(
    landed: list[OrderEvent], later: list[OrderEvent]
) -> None:
    live, rebuilt = StarterScorer(), StarterScorer()
    for event in landed:
        live.score(event)
    newest = max((event.event_time for event in landed), default=NOON)
    for event in landed:
        if event.event_time >= newest - HORIZON:
            rebuilt.absorb(event)
    assert [live.score(event) for event in later] == [rebuilt.score(event) for event in later]
    assert live.state() == rebuilt.state()


@given(ORDERS)
def test_when_memory_is_swept_changes_no_decision(events: list[OrderEvent]) -> None:
    swept, unswept = StarterScorer(), StarterScorer()
    for event in events:
        swept.state()
        assert swept.score(event) == unswept.score(event)
