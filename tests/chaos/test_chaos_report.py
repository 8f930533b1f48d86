"""A run is right when all that was wished for was there to go wrong, and did not."""

import pytest
from msgspec import structs

from tests.chaos.accounting import Account
from tests.chaos.run import Report

RIGHT = Report(
    seed=1,
    wished=10,
    account=Account(messages=10),
    faults={},
    cuts=0,
    refused=[],
    crashes=[],
    recovery_seconds={},
    seconds=1,
)


def test_a_run_with_all_its_messages_and_no_fault_is_right() -> None:
    assert RIGHT.is_right


@pytest.mark.parametrize(
    "wrong",
    [
        structs.replace(RIGHT, account=Account(messages=9)),
        structs.replace(RIGHT, wished=0, account=Account()),
        structs.replace(RIGHT, account=Account(messages=10, lost=1)),
        structs.replace(RIGHT, crashes=["exit code 1"]),
    ],
    ids=["too few", "nothing at all", "lost", "crashed"],
)
def test_a_run_with_less_or_with_a_fault_is_not(wrong: Report) -> None:
    assert not wrong.is_right
