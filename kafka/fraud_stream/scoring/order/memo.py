"""A bounded memory for pure functions that are asked the same thing again and again."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(dict[K, V]):
    """`memo[key]` is `compute(key)`; forgets everything when `limit` answers are held.

    What it remembers cannot be seen from outside, so it is no part of a scorer's state.
    """

    def __init__(self, compute: Callable[[K], V], limit: int = 100_000) -> None:
        super().__init__()
        self._compute = compute
        self._limit = limit

    def __missing__(self, key: K) -> V:
        """Compute and remember."""
        if len(self) >= self._limit:
            self.clear()
        value = self[key] = self._compute(key)
        return value
