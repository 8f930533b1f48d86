"""Whatever random damage does to a good order, it is an order that is safe or a dead letter."""

import json
from datetime import datetime
from typing import Any

import pytest
from bad_input import LIMIT, order
from confluent_kafka import Message
from mutations import LITERALS, mutations

from fraud_core.events import OrderEvent
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.card_numbers import holds_card_number
from fraud_stream.consumer.copy_binary import rows_of
from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.rows import dead_letter_rows, decided_rows, duplicate_rows
from fraud_stream.consumer.structure import unsafe_structure
from fraud_stream.consumer.triage import triage
from fraud_stream.scoring.decision import Decision

MUTATIONS = 5_000
NOW = "2026-01-01T00:00:00+00:00"
NOW_MS = 1_767_225_600_000


def records() -> list[Message]:
    return [
        Message(topic="t", partition=number % 3, offset=number, key=key, value=value)
        for number, (key, value) in enumerate(mutations(1, MUTATIONS))
    ]


def test_each_mutation_is_accounted_for_once_and_makes_one_row() -> None:
    found = triage(records(), Terms("labels", LIMIT, NOW_MS), landed=lambda _ids: {})
    parts = (found.orders, found.duplicates, found.dead)
    offsets = [record.offset() for part in parts for record, _ in part]
    assert sorted(offset or 0 for offset in offsets) == list(range(MUTATIONS))
    quiet = Decision("approve", 0.0, {}, (), {})
    written = decided_rows(
        [(*order, quiet) for order in found.orders], 1, "rules", datetime.fromisoformat(NOW)
    )
    for table in ("raw.transaction_keys", "raw.transactions_stream", "raw.transaction_decisions"):
        assert len(rows_of(written[table])) == len(found.orders)
    assert duplicate_rows(found.duplicates, NOW).count(b"\n") == len(found.duplicates)
    assert dead_letter_rows(found.dead, LIMIT, NOW).count(b"\n") == len(found.dead)


def test_what_is_taken_stands_up_to_the_close_look_that_it_was_spared() -> None:
    taken = [
        value
        for key, value in mutations(2, MUTATIONS)
        if isinstance(decode(value, max_bytes=LIMIT, key=key), OrderEvent)
    ]
    assert len(taken) > MUTATIONS / 20
    for value in taken:
        assert unsafe_structure(value or b"") is None
        assert not holds_card_number(value or b"")


@pytest.mark.parametrize("literal", LITERALS)
@pytest.mark.parametrize("field", ["amount", "customer_name", "unknown"])
def test_a_shape_that_parsers_disagree_on_is_an_order_only_when_python_can_read_it(
    literal: bytes, field: str
) -> None:
    value = order("t", **{field: ...})[:-1] + b', "%b": %b}' % (field.encode(), literal)
    found = decode(value, max_bytes=LIMIT)
    assert isinstance(found, Rejection) or json.loads(value)["transaction_id"] == "t"


@pytest.mark.parametrize("literal", LITERALS)
def test_a_shape_alone_is_no_order(literal: bytes) -> None:
    assert isinstance(decode(literal, max_bytes=LIMIT), Rejection)


def test_the_same_seed_makes_the_same_mutations() -> None:
    first: list[Any] = list(mutations(3, 200))
    assert first == list(mutations(3, 200))
