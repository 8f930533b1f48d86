"""Which faults come when, drawn from a seed alone, so that a run can be had again."""

from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from tests.chaos.faults import Fault

TWO_AT_ONCE = 0.25
SHORTEST_HOLD, LONGEST_HOLD = 0.2, 1.5
LONGEST_PAUSE = 0.5


class Blow(msgspec.Struct, frozen=True):
    """Faults that strike together and are held for a while, in seconds, after a pause."""

    pause: float
    faults: tuple[Fault, ...]
    hold: float


def plan(seed: int, faults: Sequence[Fault], count: int) -> Iterator[Blow]:
    """Blows with `count` faults in all; no kind comes again before each has had its turn."""
    random = Random(f"plan {seed}")
    turn: list[Fault] = []
    while count > 0:
        if not turn:
            turn = random.sample(faults, len(faults))
        chosen = [turn.pop()]
        if count > 1 and random.random() < TWO_AT_ONCE:
            others = [fault for fault in turn if fault.target != chosen[0].target]
            if others:
                chosen.append(random.choice(others))
                turn.remove(chosen[1])
        count -= len(chosen)
        chosen.sort(key=lambda fault: fault.target != "consumer")
        yield Blow(
            random.uniform(0, LONGEST_PAUSE),
            tuple(chosen),
            random.uniform(SHORTEST_HOLD, LONGEST_HOLD),
        )
