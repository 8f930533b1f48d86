"""The table of bad input, by decoding alone; what needs a look at other messages is left out."""

import time
from typing import Any

import pytest
from bad_input import DUPLICATE, LANDED, LIMIT, Case, cases
from confluent_kafka import Message

from fraud_stream.consumer import triage
from fraud_stream.consumer.batch import Terms
from fraud_stream.consumer.forms import quick_orders
from fraud_stream.consumer.quick import quick_orders as never
from fraud_stream.consumer.rejection import Rejection

ALONE = [case for case in cases() if case.outcome not in {DUPLICATE, "id_conflict"}]


@pytest.mark.parametrize("quick", [quick_orders, never], ids=["quick", "careful"])
@pytest.mark.parametrize("case", ALONE, ids=lambda case: f"{case.number} {case.name}")
def test_it_ends_as_the_table_says(monkeypatch: pytest.MonkeyPatch, case: Case, quick: Any) -> None:
    monkeypatch.setattr(triage, "quick_orders", quick)
    now = int(time.time() * 1000)
    record = Message(topic="orders", partition=0, offset=0, key=case.own_key, value=case.value)
    ((_, found),) = triage.decoded([record], Terms("labels", LIMIT, now))
    if isinstance(found, Rejection):
        assert (found.reason, case.names in found.detail) == (case.outcome, True)
    else:
        assert case.outcome == LANDED
