"""What the consumer's main thread does with an order, from the message's bytes to its rows.

Decoding with every check, sorting out, scoring by the starter rules and writing the rows: each by
itself, and decoding with scoring, which is what an order costs wherever it is decided.
"""

import gc
from datetime import UTC, datetime
from itertools import islice

import msgspec
from confluent_kafka import Message

from fraud_core.events import OrderEvent
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.binary_rows import Decided
from fraud_stream.consumer.rows import decided_rows
from fraud_stream.consumer.scored import AT_ONCE
from fraud_stream.consumer.triage import decoded, triage
from fraud_stream.scoring.scorer import RuleScorer
from tests.benchmarks.bench_scoring import MEASURED, YARDSTICK, messages, starter, untyped
from tests.benchmarks.harness import Prepared, in_process

BATCH, WARM = 5_000, 20_000
RECEIVED = 1_767_225_600_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TERMS = Terms("labels", 1_000_000, RECEIVED)


def _records(wire: list[bytes]) -> list[Message]:
    """Orders of six partitions, as the Kafka client hands them out."""
    keys = [msgspec.json.decode(value)["customer_id"].encode() for value in wire]
    return [
        Message(
            topic="orders",
            partition=key[-1] % 6,
            offset=offset,
            key=key,
            value=value,
            timestamp=(1, RECEIVED),
        )
        for offset, (key, value) in enumerate(zip(keys, wire, strict=True))
    ]


def _prepare_decode(_: int) -> Prepared:
    wire = messages(MEASURED)
    records = _records(wire)

    def work() -> int:
        for at in range(0, MEASURED, BATCH):
            decoded(records[at : at + BATCH], TERMS)
        return len(wire)

    return Prepared(work, untyped(wire), YARDSTICK)


def _prepare_triage(_: int) -> Prepared:
    wire = messages(MEASURED)
    records = _records(wire)

    def work() -> int:
        for at in range(0, MEASURED, BATCH):
            triage(records[at : at + BATCH], TERMS, landed=lambda _ids: {})
        return len(wire)

    return Prepared(work, untyped(wire), YARDSTICK)


def _prepare_decode_and_score(rounds: int) -> Prepared:
    """Each round scores orders that follow those before it; collections as in the consumer."""
    wire = messages(WARM + rounds * MEASURED)
    scorer, ahead = RuleScorer(starter()), iter(_records(wire))

    def decide(count: int) -> int:
        for _ in range(count // AT_ONCE):
            _decide(scorer, list(islice(ahead, AT_ONCE)))
        return count

    decide(WARM)
    gc.collect()
    gc.freeze()

    def work() -> int:
        gc.disable()
        done = decide(MEASURED)
        gc.enable()
        return done

    return Prepared(work, untyped(wire), YARDSTICK)


def _decide(scorer: RuleScorer, records: list[Message]) -> None:
    for _, event in decoded(records, TERMS):
        assert isinstance(event, OrderEvent)
        scorer.score(event)


def _prepare_rows(_: int) -> Prepared:
    wire = messages(MEASURED)
    scorer = RuleScorer(starter())
    sorted_out = triage(_records(wire), TERMS, landed=lambda _ids: {})
    decided: list[Decided] = [(*order, scorer.score(order[1])) for order in sorted_out.orders]

    def work() -> int:
        for at in range(0, MEASURED, BATCH):
            decided_rows(decided[at : at + BATCH], 1, "rules", NOW)
        return len(decided)

    return Prepared(work, untyped(wire), YARDSTICK)


BENCHES = (
    in_process("decode_and_check_order", "order", _prepare_decode),
    in_process("decode_check_and_score_order", "order", _prepare_decode_and_score),
    in_process("decode_check_and_sort_out_order", "order", _prepare_triage),
    in_process("write_rows_of_order", "order", _prepare_rows),
)
