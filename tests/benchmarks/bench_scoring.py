"""Decoding and scoring an order with the whole starter rule set, on a stream with all attacks."""

import gc
from functools import partial
from itertools import islice

import msgspec

from fraud_core.events import OrderEvent
from fraud_core.settings import REPOSITORY
from fraud_stream.producer.rates import scenario_rates
from fraud_stream.producer.stream import Stream
from fraud_stream.scoring.rules.book import RuleBook, read_rule_book
from fraud_stream.scoring.scorer import RuleScorer
from fraud_stream.scoring.state import Form, available_forms
from tests.benchmarks.harness import START, Job, Prepared, in_process

WARM, MEASURED, CHUNK = 20_000, 10_000, 500
"""Orders that fill the windows first, orders a round, and orders decoded ahead of scoring."""

YARDSTICK = "times msgspec.json.decode of the same orders, untyped"

_decode = msgspec.json.Decoder(OrderEvent).decode


def messages(count: int) -> list[bytes]:
    """So many orders as they are on the wire."""
    stream = Stream(seed=1, orders=10**9, start=START, rates=scenario_rates("all"))
    values = (value or b"" for batch in stream.batches() for _, value in batch.orders)
    return list(islice(values, count))


def starter() -> RuleBook:
    """The rules that ship."""
    return read_rule_book((REPOSITORY / "kafka/rules/starter.yml").read_text(encoding="utf-8"))


def untyped(wire: list[bytes]) -> Job:
    """What the yardstick does."""

    def decode_all() -> int:
        for value in wire[:MEASURED]:
            msgspec.json.decode(value)
        return MEASURED

    return decode_all


def _prepare_decode(_: int) -> Prepared:
    wire = messages(MEASURED)

    def work() -> int:
        for value in wire:
            _decode(value)
        return len(wire)

    return Prepared(work, untyped(wire), YARDSTICK)


def _prepare_score(form: Form, rounds: int) -> Prepared:
    """Each round scores orders that follow those before it; collections as in the consumer."""
    wire = messages(WARM + rounds * MEASURED)
    scorer = RuleScorer(starter(), form)
    for value in wire[:WARM]:
        scorer.score(_decode(value))
    gc.collect()
    gc.freeze()
    ahead = iter(wire[WARM:])

    def work() -> int:
        gc.disable()
        for _ in range(MEASURED // CHUNK):
            for event in [_decode(value) for value in islice(ahead, CHUNK)]:
                scorer.score(event)
        gc.enable()
        return MEASURED

    return Prepared(work, untyped(wire), YARDSTICK)


def _prepare_absorb(rounds: int) -> Prepared:
    """What a restart does with orders that landed after the last snapshot; new ones each round."""
    wire = messages(rounds * MEASURED)
    scorer, ahead = RuleScorer(starter()), iter(wire)

    def work() -> int:
        for _ in range(MEASURED // CHUNK):
            for event in [_decode(value) for value in islice(ahead, CHUNK)]:
                scorer.absorb(event)
        return MEASURED

    return Prepared(work, untyped(wire), YARDSTICK)


BENCHES = (
    in_process("decode_order", "order", _prepare_decode),
    *(
        in_process(f"decode_and_score_order_{form}", "order", partial(_prepare_score, form))
        for form in available_forms()
    ),
    in_process("decode_and_absorb_order", "order", _prepare_absorb),
)
