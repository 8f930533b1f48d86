"""When scenarios begin, so that each keeps its share of all orders."""

from collections.abc import Mapping
from heapq import heappop, heappush
from random import Random

from fraud_stream.producer.market import Market
from fraud_stream.producer.render import Draft
from fraud_stream.producer.scenario import Scenario


class Schedule:
    """Holds planned orders until their time comes; memory is that of the stories under way."""

    def __init__(self, market: Market, rates: Mapping[Scenario, float], seed: int) -> None:
        self._market = market
        self._random = Random(f"schedule {seed}")  # noqa: S311 - simulation, not security
        self._rates = dict(rates)
        # A story makes many orders at once, so each starts somewhere between "just had one" and
        # "due now": short runs get their share on average instead of one story each.
        self._due = {s: -self._random.random() * s.orders for s in self._rates if self._rates[s]}
        self._planned: list[tuple[int, int, Draft, Scenario]] = []
        self._number = 0

    def advance(self, since: int, until: int, orders: float) -> None:
        """Begin the stories that `orders` more orders in this stretch of time ask for."""
        for scenario in self._due:
            self._due[scenario] += orders * self._rates[scenario]
            while self._due[scenario] > 0:
                self._due[scenario] -= self._begin(scenario, self._random.randrange(since, until))

    def take(self, until: int) -> list[tuple[Draft, Scenario]]:
        """Planned orders from before `until`, in order of time."""
        taken: list[tuple[Draft, Scenario]] = []
        while self._planned and self._planned[0][0] < until:
            _, _, draft, scenario = heappop(self._planned)
            taken.append((draft, scenario))
        return taken

    def _begin(self, scenario: Scenario, at: int) -> int:
        drafts = list(scenario.plan(self._market, at))
        for draft in drafts:
            self._number += 1  # keeps equal times in the order in which they were planned
            heappush(self._planned, (draft.at, self._number, draft, scenario))
        return sum(not draft.is_cover for draft in drafts)
