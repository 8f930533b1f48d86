"""A scorer of three rules, enough to run a shop on day one: amount, velocity and geography.

Each rule gives a factor in [0, 1]; the score is their weighted sum, held at 1. The other factors
stay None, because nothing judges them here.
"""

from bisect import bisect_left, insort
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from fraud_core.events import OrderEvent
from fraud_stream.scoring.decision import FACTORS, Decision, Factor, Outcome, Reason, Value

AMOUNT_LIMIT: Mapping[str, float] = {
    "AUD": 450.0,
    "CAD": 400.0,
    "CHF": 270.0,
    "EUR": 300.0,
    "GBP": 250.0,
    "INR": 25_000.0,
    "JPY": 45_000.0,
    "PLN": 1_300.0,
    "SEK": 3_300.0,
    "USD": 320.0,
}
"""What an ordinary order stays under, by currency; a currency that is not here is not judged."""

AMOUNT_CERTAIN = 4.0
"""At so many times the limit, the amount factor is 1."""

VELOCITY_WINDOW = timedelta(hours=1)
VELOCITY_ALLOWED = 3
"""Orders that a customer may have placed in the window before; more fire the rule."""
VELOCITY_CERTAIN = 10
"""With so many before, the velocity factor is 1."""

LATENESS = timedelta(hours=24)
"""How far behind the newest order of its customer an order may be, and still be counted exactly."""

HORIZON = timedelta(days=45)
"""Orders so much older than the newest one of all are forgotten: what bounds the memory."""

WEIGHT: Mapping[Factor, float] = {"amount": 0.45, "velocity": 0.45, "geographic": 0.35}
REVIEW_FROM = 0.3
DECLINE_FROM = 0.6

_WINDOW = VELOCITY_WINDOW // timedelta(microseconds=1)
_KEPT = _WINDOW + LATENESS // timedelta(microseconds=1)
_HORIZON = HORIZON // timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SWEEP_EVERY = 50_000


class StarterScorer:
    """Decides by three rules; its state is each customer's recent order times.

    What a feature counts depends only on the orders taken in and their sequence, never on when
    memory was swept, so a state rebuilt from the landed orders decides like the one that was lost.
    """

    rule_set_version = "starter-1"

    def __init__(self) -> None:
        self._times: dict[str, list[int]] = {}
        self._newest = -(2**63)
        self._until_sweep = _SWEEP_EVERY

    def score(self, event: OrderEvent) -> Decision:
        """Decide on what was known before `event`, then take `event` into the state."""
        at = _microseconds(event.event_time)
        before = self._orders_before(event.customer_id, at)
        self._take_in(event.customer_id, at)
        return _decide(event, before)

    def absorb(self, event: OrderEvent) -> None:
        """Take a landed order into the state without deciding."""
        self._take_in(event.customer_id, _microseconds(event.event_time))

    def state(self) -> dict[str, list[int]]:
        """What later decisions can depend on: order times in microseconds, by customer."""
        self._sweep()
        return self._times

    def _orders_before(self, customer: str, at: int) -> int:
        """Orders of the customer in [at - window, at) among those taken in before."""
        times = self._times.get(customer)
        if not times:
            return 0
        start = max(at - _WINDOW, self._floor(times))
        return max(0, bisect_left(times, at) - bisect_left(times, start))

    def _take_in(self, customer: str, at: int) -> None:
        self._newest = max(self._newest, at)
        times = self._times.setdefault(customer, [])
        insort(times, at)
        del times[: bisect_left(times, self._floor(times))]
        self._until_sweep -= 1
        if not self._until_sweep:
            self._sweep()

    def _floor(self, times: list[int]) -> int:
        """The oldest time that still counts for the customer whose times these are."""
        return max(times[-1] - _KEPT, self._newest - _HORIZON)

    def _sweep(self) -> None:
        """Forget customers, and orders, that no feature can count any more."""
        self._until_sweep = _SWEEP_EVERY
        horizon = self._newest - _HORIZON
        self._times = {
            customer: times[bisect_left(times, horizon) :]
            for customer, times in self._times.items()
            if times and times[-1] >= horizon
        }


def _microseconds(at: datetime) -> int:
    """Exact, unlike `timestamp()`: an order on the edge of a window is on one side of it."""
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _decide(event: OrderEvent, before: int) -> Decision:
    factors: dict[Factor, float | None] = dict.fromkeys(FACTORS)
    reasons: list[Reason] = []
    for judged in (_amount(event), _velocity(before), _geography(event)):
        factors[judged.factor] = judged.value
        if judged.rule and judged.value:
            reasons.append(_reason(judged, judged.value))
    score = min(1.0, round(sum(reason.contribution for reason in reasons), 6))
    reasons.sort(key=lambda reason: reason.contribution, reverse=True)
    return Decision(_outcome(score), score, factors, tuple(reasons), _features(event, before))


def _reason(judged: "_Judged", value: float) -> Reason:
    weight = WEIGHT[judged.factor]
    return Reason(
        judged.rule,
        judged.factor,
        weight,
        judged.sentence,
        judged.values,
        contribution=round(weight * value, 6),
    )


def _outcome(score: float) -> Outcome:
    if score >= DECLINE_FROM:
        return "decline"
    return "review" if score >= REVIEW_FROM else "approve"


def _features(event: OrderEvent, before: int) -> dict[str, Value]:
    return {
        "amount": event.amount,
        "currency": event.currency,
        "amount_limit": AMOUNT_LIMIT.get(event.currency),
        "customer_orders_1h": before,
        "card_country": event.card_country,
        "shipping_country": event.shipping.country if event.shipping else None,
    }


class _Judged(NamedTuple):
    """A factor's value, None when its inputs are missing, and the rule when it fired."""

    factor: Factor
    value: float | None
    rule: str = ""
    sentence: str = ""
    values: Mapping[str, Value] = {}


def _amount(event: OrderEvent) -> _Judged:
    limit = AMOUNT_LIMIT.get(event.currency)
    if limit is None:
        return _Judged("amount", None)
    if event.amount <= limit:
        return _Judged("amount", 0.0)
    times = event.amount / limit
    return _Judged(
        "amount",
        min(1.0, times / AMOUNT_CERTAIN),
        "amount.over_limit",
        f"The order of {event.amount:,.2f} {event.currency} is {times:.1f} times the limit of "
        f"{limit:,.0f}.",
        {"amount": event.amount, "amount_limit": limit},
    )


def _velocity(before: int) -> _Judged:
    if before <= VELOCITY_ALLOWED:
        return _Judged("velocity", 0.0)
    return _Judged(
        "velocity",
        min(1.0, before / VELOCITY_CERTAIN),
        "velocity.customer_1h",
        f"The customer placed {before} other orders in the hour before this one.",
        {"customer_orders_1h": before},
    )


def _geography(event: OrderEvent) -> _Judged:
    card, shipping = event.card_country, event.shipping.country if event.shipping else None
    if card is None or shipping is None:
        return _Judged("geographic", None)
    if card == shipping:
        return _Judged("geographic", 0.0)
    return _Judged(
        "geographic",
        1.0,
        "geographic.card_shipping_mismatch",
        f"The card is from {card}, but the goods go to {shipping}.",
        {"card_country": card, "shipping_country": shipping},
    )
