"""What a dead letter's detail says of a message can be printed and logged as it is."""

import json
from collections.abc import Callable

import pytest
from bad_input import LIMIT, order
from confluent_kafka import Message

from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.rejection import Rejection
from fraud_stream.consumer.triage import triage

RECEIVED = 1_767_225_600_000
NASTY = "\x1b[31m\n{forged}\u202e" + "x" * 500


def twice(name: str) -> str:
    value = order("t")[:-1] + b",%b:1,%b:2}" % ((json.dumps(name).encode(),) * 2)
    found = decode(value, max_bytes=LIMIT)
    assert isinstance(found, Rejection)
    assert found.reason == "duplicate_key"
    return found.detail


def conflict(name: str) -> str:
    messages = [
        Message(topic="t", partition=0, offset=n, value=order("t", **{name: n})) for n in (0, 1)
    ]
    found = triage(messages, Terms("l", LIMIT, RECEIVED), landed=lambda _ids: {})
    ((_, rejection),) = found.dead
    assert rejection.reason == "id_conflict"
    return rejection.detail


@pytest.mark.parametrize("detail_of", [twice, conflict])
def test_a_field_with_a_nasty_name_is_named_short_and_harmless(
    detail_of: Callable[[str], str],
) -> None:
    detail = detail_of(NASTY[:200])
    assert detail.isprintable()
    assert detail.isascii()
    assert len(detail) < 250
    assert "\\x1b[31m\\n{forged}" in detail
