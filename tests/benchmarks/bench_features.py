"""The features by themselves: what an order costs before any rule looks at it.

Scored with the starter rules, and by the same generated program without the lines of the rules: an
order is taken apart, what the histories say of it is read, and it is added to them. Each program
has a state of its own, and they take turns, a few orders at a time.
"""

from collections.abc import Callable, Sequence
from statistics import median
from time import process_time
from unittest.mock import patch

import msgspec

from fraud_core.events import OrderEvent
from fraud_stream.scoring import program
from fraud_stream.scoring.features.source import Source
from fraud_stream.scoring.program import compile_program
from fraud_stream.scoring.rules.compile import inputs
from fraud_stream.scoring.rules.load import CheckedRule
from fraud_stream.scoring.state import State, state_maker
from tests.benchmarks.bench_scoring import YARDSTICK, messages, starter
from tests.benchmarks.harness import Bench, Found, Wishes, medians

WARM, MEASURED, CHUNK = 20_000, 5_000, 100
"""Orders that fill the windows first, orders a round, and orders of a turn."""

Work = Callable[[OrderEvent], object]

_decode = msgspec.json.Decoder(OrderEvent).decode


def scoring(state: State) -> Work:
    """With the starter rules."""
    book = starter()
    return compile_program(book.rules, book.evaluated, book.lists, state).score


def features_only(state: State) -> Work:
    """Up to where the rules begin: they ask for the same features and are not evaluated.

    What only rules need of the order itself is theirs, and is left out with them.
    """

    def asked(rules: Sequence[CheckedRule]) -> tuple[list[str], list[str]]:
        return [], inputs(rules)[1]

    def nothing(*_: object) -> Source:
        return Source()

    with patch.object(program, "inputs", asked), patch.object(program, "emit_rules", nothing):
        return scoring(state)


def _taken_apart(state: State) -> Work:
    """The part of the features that knows no history: what state would keep of the order."""
    book = starter()
    return compile_program(book.rules, [], book.lists, state).record_of


def _features(wishes: Wishes) -> Found:
    """The reference is decoding the same orders untyped, in the same turns."""
    new_state = state_maker("auto")
    wire = messages(WARM + wishes.rounds * MEASURED)
    whole, features, record_of = (
        program_of(new_state()) for program_of in (scoring, features_only, _taken_apart)
    )
    for value in wire[:WARM]:
        event = _decode(value)
        whole(event)
        features(event)
    rounds: list[Found] = []
    for start in range(WARM, len(wire), MEASURED):
        costs = _round([whole, features, record_of], wire[start : start + MEASURED])
        score, feature, record, untyped = (seconds * 1e6 for seconds in costs)
        rounds.append(
            Found(
                rounds=1,
                ratios={
                    "of scoring without decoding": feature / score,
                    YARDSTICK: feature / untyped,
                },
                figures={
                    "µs CPU order": feature,
                    "taking the order apart, µs CPU order": record,
                    "reading and adding to the histories, µs CPU order": feature - record,
                    "scoring without decoding, µs CPU order": score,
                    "rules and their facts, µs CPU order": score - feature,
                },
            )
        )
    return medians(rounds)


def _round(works: list[Work], wire: list[bytes]) -> list[float]:
    """Seconds an order of each, and of decoding it untyped: medians; who is first goes round."""
    spent: list[list[float]] = [[] for _ in works]
    untyped: list[float] = []
    for turn, start in enumerate(range(0, len(wire), CHUNK)):
        chunk = wire[start : start + CHUNK]
        for place in range(len(works)):
            which = (turn + place) % len(works)
            work, events = works[which], [_decode(value) for value in chunk]
            since = process_time()
            for event in events:
                work(event)
            spent[which].append(process_time() - since)
        since = process_time()
        for value in chunk:
            msgspec.json.decode(value)
        untyped.append(process_time() - since)
    return [median(turns) / CHUNK for turns in [*spent, untyped]]


BENCHES = (
    Bench(
        name="features",
        about="reading and adding to the histories, without the rules",
        run=_features,
    ),
)
