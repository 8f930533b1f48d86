"""One kind of entity's states by key, and how the ones that nobody asks for any more are let go."""

from collections import deque
from typing import Any

Record = tuple[Any, ...]
EntityState = list[Any]

HISTORY = 1


class Table(dict[str, EntityState]):
    """Entities by key; `fresh` collects those added, so that each is looked at again later.

    An entity is dropped when its newest record is older than the retention; being looked at twice
    in a retention, it is gone after one and a half. No window can tell.
    """

    __slots__ = ("_shelved", "fresh", "retention")

    def __init__(self, retention: int) -> None:
        super().__init__()
        self.retention = retention
        self.fresh: list[EntityState] = []
        self._shelved: deque[tuple[int, list[EntityState]]] = deque()

    def shelve(self, now: int) -> list[EntityState]:
        """Put away what was added since the last call; returns what is due to be looked at."""
        if self.fresh:
            self._shelved.append((now, self.fresh))
            self.fresh = []
        if self._shelved and now - self._shelved[0][0] >= self.retention >> 1:
            return self._shelved.popleft()[1]
        return []

    def look_at(self, state: EntityState, newest: int) -> None:
        """Drop the entity when all of its history is too old; else look again later."""
        if state[HISTORY][-1][0] < newest - self.retention:
            del self[state[0]]
        else:
            self.fresh.append(state)
