"""Truth that arrives late: what of an order comes out, by whom, and when."""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from random import Random
from typing import Literal

import msgspec

from fraud_core.events import LabelEvent
from fraud_stream.producer.batch import Message
from fraud_stream.producer.units import DAY, HOUR

Source = Literal["chargeback", "manual_review", "injected"]
SPOT_CHECKS = 0.003
"""The share of everyday orders that somebody reviews and finds honest."""
_encode = msgspec.json.encode
_FIRST_CHARGEBACK, _LAST_CHARGEBACK = 2 * DAY, 90 * DAY


class Ledger:
    """Labels by the time at which they become known, in event time.

    Chargebacks take days to weeks (median 12 days), reviews hours (median 9 hours), and the
    simulation's own truth is known at once.
    """

    def __init__(self, seed: int) -> None:
        self._random = Random(f"labels {seed}")  # noqa: S311 - simulation, not security
        self._pending: list[tuple[int, int, Message]] = []
        self._number = 0

    def pending(self) -> Iterator[bytes]:
        """The transaction id of each label that is still to come."""
        return (key for _, _, (key, _) in self._pending if key is not None)

    def injected(self, transaction_id: str, at: int, *, is_fraud: bool, reason: str) -> None:
        """The simulation's own truth about an order; `reason` is its story's name."""
        self._add(transaction_id, at, "injected", is_fraud=is_fraud, reason=reason)

    def chargeback(self, transaction_id: str, at: int) -> None:
        """The card's holder disputes the payment."""
        delay = int(self._random.lognormvariate(2.5, 0.6) * DAY)
        delay = min(max(delay, _FIRST_CHARGEBACK), _LAST_CHARGEBACK)
        self._add(transaction_id, at + delay, "chargeback", is_fraud=True, reason="disputed")

    def review(self, transaction_id: str, at: int, *, is_fraud: bool) -> None:
        """Somebody looked at the order and got it right."""
        delay = int(self._random.lognormvariate(2.2, 0.9) * HOUR)
        reason = "confirmed fraud" if is_fraud else "customer confirmed"
        self._add(transaction_id, at + delay, "manual_review", is_fraud=is_fraud, reason=reason)

    def learned(self, transaction_id: str, at: int, *, is_fraud: bool, reason: str | None) -> None:
        """What a file of real orders says: fraud is charged back, the rest was looked at."""
        source: Source = "chargeback" if is_fraud else "manual_review"
        self._add(transaction_id, at, source, is_fraud=is_fraud, reason=reason)

    def known(self, until: int) -> Iterator[Message]:
        """Labels that become known before `until`, in order of time; each is given out once."""
        while self._pending and self._pending[0][0] < until:
            yield heappop(self._pending)[2]

    def _add(
        self, transaction_id: str, at: int, source: Source, *, is_fraud: bool, reason: str | None
    ) -> None:
        event = LabelEvent(
            transaction_id=transaction_id,
            label="fraud" if is_fraud else "legitimate",
            source=source,
            reason=reason,
            labelled_at=datetime.fromtimestamp(at / 1000, UTC),
        )
        self._number += 1
        heappush(self._pending, (at, self._number, (transaction_id.encode(), _encode(event))))
