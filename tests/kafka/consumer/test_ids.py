"""An id has one form, however it was written, and nothing in it that cannot be seen."""

import json
from typing import Any

import pytest
from bad_input import order
from confluent_kafka import Message

from fraud_core.events import LabelEvent, OrderEvent
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.decode import decode, decode_label, landed_order
from fraud_stream.consumer.ids import ORDER_IDS
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.triage import triage

COMPOSED, DECOMPOSED = "Zo\u00e9", "Zoe\u0301"
RECEIVED = 1_767_225_600_000
ITEM = {"product_id": DECOMPOSED, "quantity": 1, "unit_price": 12.34}
LABEL: dict[str, Any] = {
    "transaction_id": DECOMPOSED,
    "label": "fraud",
    "source": "chargeback",
    "labelled_at": "2026-01-01T00:00:00Z",
}


def decomposed() -> bytes:
    """An order all of whose ids are decomposed."""
    return order(**dict.fromkeys(ORDER_IDS, DECOMPOSED), items=[ITEM])


@pytest.mark.parametrize("is_escaped", [False, True])
def test_every_id_of_an_order_is_composed(is_escaped: bool) -> None:
    value = json.dumps(json.loads(decomposed()), ensure_ascii=is_escaped).encode()
    found = decode(value, max_bytes=10_000)
    assert isinstance(found, OrderEvent)
    assert {getattr(found, name) for name in ORDER_IDS} == {COMPOSED}
    assert found.items[0].product_id == COMPOSED


def test_a_landed_order_is_read_back_with_the_ids_that_it_was_scored_with() -> None:
    assert landed_order(decomposed()) == decode(decomposed(), max_bytes=10_000)


def test_a_label_is_about_the_same_order_in_either_form() -> None:
    found = decode_label(json.dumps(LABEL).encode(), max_bytes=10_000)
    assert isinstance(found, LabelEvent)
    assert found.transaction_id == COMPOSED


@pytest.mark.parametrize("name", ORDER_IDS)
@pytest.mark.parametrize("text", ["a\u202e", "\u200bb", "a\x1b", "a\u00a0b", "\u3164"])
def test_an_id_with_something_unseen_is_named(name: str, text: str) -> None:
    found = decode(order(**{"transaction_id": "t", name: text}), max_bytes=10_000)
    assert isinstance(found, Rejection)
    assert (found.reason, found.detail.partition(":")[0]) == ("bad_id", name)


def test_a_label_with_an_unseen_character_in_its_id_is_refused() -> None:
    found = decode_label(json.dumps({**LABEL, "transaction_id": "a\u200b"}).encode(), max_bytes=999)
    assert isinstance(found, Rejection)
    assert found.reason == "bad_id"


@pytest.mark.parametrize("key", [None, COMPOSED.encode(), DECOMPOSED.encode()])
def test_a_key_is_the_customers_id_in_either_form_or_none(key: bytes | None) -> None:
    value = order("t", customer_id=DECOMPOSED)
    assert isinstance(decode(value, max_bytes=10_000, key=key), OrderEvent)


@pytest.mark.parametrize("key", [b"", b"c-2", b"\xff", b"c-1 "])
def test_another_key_is_refused(key: bytes) -> None:
    found = decode(order("t"), max_bytes=10_000, key=key)
    assert isinstance(found, Rejection)
    assert found.reason == "key_mismatch"


def test_an_order_sent_again_with_its_ids_in_the_other_form_is_a_duplicate() -> None:
    composed = json.loads(decomposed().decode().replace(DECOMPOSED, COMPOSED))
    messages = [
        Message(topic="t", partition=0, offset=number, value=value)
        for number, value in enumerate((decomposed(), json.dumps(composed).encode()))
    ]
    found = triage(messages, Terms("l", 10_000, RECEIVED), landed=lambda _ids: {})
    assert (len(found.orders), len(found.duplicates), found.dead) == (1, 1, [])
