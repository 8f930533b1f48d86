"""The table of bad input, by decoding alone; what needs a look at other messages is left out."""

import time

import pytest
from bad_input import DUPLICATE, LANDED, LIMIT, Case, cases

from fraud_stream.consumer.decode import decode
from fraud_stream.consumer.rejection import Rejection

ALONE = [case for case in cases() if case.outcome not in {DUPLICATE, "id_conflict"}]


@pytest.mark.parametrize("case", ALONE, ids=lambda case: f"{case.number} {case.name}")
def test_it_ends_as_the_table_says(case: Case) -> None:
    now = int(time.time() * 1000)
    found = decode(case.value, max_bytes=LIMIT, received_ms=now, key=case.own_key)
    if isinstance(found, Rejection):
        assert (found.reason, case.names in found.detail) == (case.outcome, True)
    else:
        assert case.outcome == LANDED
