"""How features are told from rules: by a program without rules, and by sampling a drain."""

import msgspec
import pytest

from fraud_core.events import OrderEvent
from fraud_stream.consumer import scored
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
from fraud_stream.scoring import scorer
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.snapshot import FrozenState
from fraud_stream.scoring.state import Form, available_forms, state_maker
from tests.benchmarks.ask_clock import FIRST, AskClock
from tests.benchmarks.bench_features import features_only, scoring
from tests.benchmarks.bench_scoring import starter
from tests.benchmarks.harness import START


def orders(count: int) -> list[OrderEvent]:
    decode = msgspec.json.Decoder(OrderEvent).decode
    stream = Stream(seed=1, orders=count, start=START, rates=scenario_rates("all"))
    return [decode(value or b"") for batch in stream.batches() for _, value in batch.orders]


@pytest.mark.parametrize("form", available_forms())
def test_features_without_rules_leave_the_same_state(form: Form) -> None:
    states = [state_maker(form)() for _ in range(2)]
    whole, features = scoring(states[0]), features_only(states[1])
    for event in orders(500):
        assert whole(event) is not None
        assert features(event) is None
    first, second = (FrozenState(state.freeze()).encode() for state in states)
    assert first == second


class Batches:
    """Stands where the consumer's scorer of batches stands: a call scores some orders."""

    def __init__(self) -> None:
        self.scorer = RuleScorer(starter())
        self.events = orders(40)

    def score(self) -> list[str]:
        return [self.scorer.score(event).outcome for event in self.events]


@pytest.mark.skipif("compiled" not in available_forms(), reason="asks are lines of the program")
def test_a_sampled_batch_is_timed_and_decides_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored, "BatchScorer", Batches)
    monkeypatch.setattr(Batches, "score", Batches.score)
    monkeypatch.setattr(scorer, "compile_program", scorer.compile_program)
    plain = Batches()
    expected = [plain.score() for _ in range(FIRST + 1)]
    asks = AskClock()
    asks.install()
    batches = Batches()
    assert [batches.score() for _ in range(FIRST + 1)] == expected
    asked = asks.found()
    assert asked is not None
    assert asked.orders == len(batches.events)


def test_without_a_sampled_batch_nothing_is_found() -> None:
    assert AskClock().found() is None
