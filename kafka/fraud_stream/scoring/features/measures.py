"""Measures that are read off the history itself, too rare or too odd to keep a running sum for."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from fraud_stream.scoring.features.record import ORDER_COLUMN, Place
from fraud_stream.scoring.order.geography import kilometres

_PLACE = ORDER_COLUMN["place"]
_AMOUNT = ORDER_COLUMN["amount"]

History = list[tuple[Any, ...]]

SMALL = 32
"""Up to so many records, looking through a history is cheaper than keeping counts of its values."""


class Mixed:
    """Stands where a history's only value would, when there is more than one and no counts."""


MIXED = Mixed()

GAPS = 8
"""So many of the newest orders tell a clock from a person; more would only dilute a new pattern."""


def median(history: History, low: int, high: int) -> float:
    """Median amount of history[low:high], which must not be empty."""
    amounts = sorted([record[_AMOUNT] for record in history[low:high]])
    middle = len(amounts) >> 1
    return amounts[middle] if len(amounts) & 1 else (amounts[middle - 1] + amounts[middle]) / 2


def gap_variation(history: History, low: int, high: int, at: int) -> float | None:
    """(longest - shortest) / mean of the gaps between the newest orders and `at`; None if all 0."""
    times = [record[0] for record in history[max(low, high - GAPS) : high]]
    times.append(at)
    return variation([later - earlier for earlier, later in pairwise(times)])


def variation(gaps: Sequence[int]) -> float | None:
    """(longest - shortest) / mean, or None when nothing lies between."""
    total = sum(gaps)
    return (max(gaps) - min(gaps)) * len(gaps) / total if total else None


def travelled(last: tuple[Any, ...], here: Place | None) -> float | None:
    """Kilometres from the place of the record `last`; None when either place is unknown."""
    there: Place | None = last[_PLACE]
    if there is None or here is None:
        return None
    return 0.0 if there is here or there == here else kilometres(there, here)


def speed(last: tuple[Any, ...], here: Place | None, at: int) -> float | None:
    """Kilometres per hour since the record `last`, which is older than `at`."""
    distance = travelled(last, here)
    return None if distance is None else distance * 3_600_000_000 / (at - last[0])


def distinct_values(history: History, low: int, high: int, column: int) -> int:
    """How many different values stand in history[low:high], missing ones apart."""
    values = {record[column] for record in history[low:high]}
    return len(values) - (None in values)


def holds(history: History, low: int, high: int, column: int, value: Any) -> bool:
    """Whether `value` stands in history[low:high]."""
    return any(record[column] == value for record in history[low:high])
