"""What of scoring in a drain are features: the histories that an order is asked of and added to.

That is one call for each order, too short to have its time taken each time. So one batch in some
is taken, in which the generated program calls another function; in the others it is as it always
is. The compiled histories are such a call; those in Python are lines of the program.
"""

import functools
from collections.abc import Callable
from statistics import mean
from time import monotonic, thread_time
from types import FunctionType
from typing import Any, cast

import msgspec

from fraud_stream.consumer import scored
from fraud_stream.scoring import scorer
from fraud_stream.scoring.program import Program

EVERY, FIRST = 8, 4
"""The fourth batch and every eighth after it: the first ones find no histories."""

EMPTY = 10_000
"""Calls of nothing, by which the clocks' own time is known."""

Ask = Callable[[Any], Any]


class Asked(msgspec.Struct, frozen=True):
    """Seconds an order: of this thread's processor time, and by the clock."""

    orders: int
    cpu: float
    clock: float


class AskClock:
    """From `install` on, for the length of this process."""

    def __init__(self) -> None:
        self._cpu: list[float] = []
        self._clock: list[float] = []
        self._programs: list[tuple[dict[str, Any], Ask]] = []
        self._batches = 0

    def install(self) -> None:
        """Note each program that a scorer compiles, and take the time in some batches."""
        compile_program, score = scorer.compile_program, scored.BatchScorer.score

        @functools.wraps(compile_program)
        def noted(*arguments: Any) -> Program:
            program = compile_program(*arguments)
            names = cast(FunctionType, program.score).__globals__
            if "_ask" in names:
                self._programs.append((names, names["_ask"]))
            return program

        @functools.wraps(score)
        def sampled(*arguments: Any, **named: Any) -> Any:
            self._batches += 1
            if self._batches % EVERY != FIRST:
                return score(*arguments, **named)
            for names, ask in self._programs:
                names["_ask"] = self.timed(ask)
            try:
                return score(*arguments, **named)
            finally:
                for names, ask in self._programs:
                    names["_ask"] = ask

        scorer.compile_program = noted
        scored.BatchScorer.score = sampled

    def timed(self, ask: Ask) -> Ask:
        """The same answers, and how long each took."""
        cpus, clocks = self._cpu, self._clock

        def timed(record: Any) -> Any:
            clock, cpu = monotonic(), thread_time()
            values = ask(record)
            cpus.append(thread_time() - cpu)
            clocks.append(monotonic() - clock)
            return values

        return timed

    def found(self) -> Asked | None:
        """Means without what the clocks take themselves; None when no order was sampled."""
        if not self._cpu:
            return None
        empty = AskClock()
        nothing = empty.timed(id)
        for _ in range(EMPTY):
            nothing(None)
        return Asked(
            orders=len(self._cpu),
            cpu=mean(self._cpu) - mean(empty._cpu),
            clock=mean(self._clock) - mean(empty._clock),
        )
