"""Every kind of fault once, in one storm of little traffic; `make chaos` is the long form."""

import pytest

from tests.chaos.arena import Arena
from tests.chaos.faults import faults_possible
from tests.chaos.run import Report, storm

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

SEED = 7
MESSAGES = 5_000
RATE = 150.0


@pytest.fixture(scope="module")
def report(arena: Arena) -> Report:
    possible, missing = faults_possible(arena)
    print("seed", SEED, *missing, sep="\n")  # noqa: T201 - shown with a failure
    return storm(
        arena, seed=SEED, messages=MESSAGES, faults=possible, count=len(possible), rate=RATE
    )


def test_the_storm_had_every_kind_of_fault_that_this_machine_allows(
    report: Report, arena: Arena
) -> None:
    assert set(report.faults) == {fault.kind for fault in faults_possible(arena)[0]}
    assert report.cuts > 0


def test_every_message_ended_in_exactly_one_table_in_order_and_as_it_must(report: Report) -> None:
    assert report.account.examples == []
    assert report.account.messages >= MESSAGES


def test_there_was_something_of_everything_to_get_wrong(report: Report) -> None:
    account = report.account
    assert min(account.landed, account.duplicates, account.dead, account.labels) > 0


def test_no_consumer_ended_that_was_not_made_to(report: Report) -> None:
    assert report.crashes == []
