"""Accounts of what has landed since a check: the same sums, without reading history again."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

import msgspec
import pytest

from fraud_core.database import connect
from fraud_core.errors import ReconciliationError
from fraud_core.settings import Role, Settings
from fraud_local.landed import (
    Checked,
    Landed,
    accounts_since,
    partition_accounts,
    require_complete,
)
from fraud_local.topics import make_topics
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.producer.run import produce_orders

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

FIRST, SECOND = 300, 120


def land(settings: Settings, orders: int) -> None:
    produce_orders(settings, orders=orders)
    until_caught_up(settings)


@pytest.fixture(scope="module")
def landed(new_database: Callable[[], Settings]) -> Settings:
    """Some orders, and nothing built of them."""
    settings = new_database()
    make_topics(settings.bootstrap_servers(), settings.topics, settings.kafka_partitions)
    land(settings, FIRST)
    return settings


@pytest.fixture(scope="module")
def first(landed: Settings) -> tuple[Landed, Checked]:
    """What the first check found."""
    accounts, checked = accounts_since(landed, None)
    return require_complete(accounts), checked


@pytest.fixture(scope="module")
def second(landed: Settings, first: tuple[Landed, Checked]) -> tuple[Landed, Checked]:
    """What one found that began there, after more had landed."""
    land(landed, SECOND)
    accounts, checked = accounts_since(landed, first[1])
    return require_complete(accounts), checked


def change(settings: Settings, statement: str, *values: Any) -> None:
    with (
        closing(connect(settings, Role.OWNER, application="tests")) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values or None)


def test_the_parts_add_up_to_the_whole(
    landed: Settings, first: tuple[Landed, Checked], second: tuple[Landed, Checked]
) -> None:
    parts = [msgspec.structs.astuple(found) for found, _ in (first, second)]
    whole = msgspec.structs.astuple(require_complete(partition_accounts(landed)))

    assert [sum(column) for column in zip(*parts, strict=True)] == list(whole)
    assert parts[1][0] > 0


def test_when_nothing_has_landed_since_there_is_nothing_to_account_for(
    landed: Settings, second: tuple[Landed, Checked]
) -> None:
    accounts, checked = accounts_since(landed, second[1])

    assert {account.consumed for account in accounts} == {0}
    assert checked == second[1]


@pytest.mark.parametrize(("moved", "complaint"), [(1, "1 missing"), (-1, "1 too many")])
def test_a_message_too_few_or_too_many_since_then_is_named_by_its_partition(
    landed: Settings,
    first: tuple[Landed, Checked],
    second: tuple[Landed, Checked],  # noqa: ARG001 - more has landed
    moved: int,
    complaint: str,
) -> None:
    statement = (
        "update raw.stream_offsets set next_offset = next_offset + %s "
        "where topic = %s and kafka_partition = 3"
    )
    topic = landed.kafka_topic_transactions
    change(landed, statement, moved, topic)
    try:
        accounts, _ = accounts_since(landed, first[1])
    finally:
        change(landed, statement, -moved, topic)

    with pytest.raises(ReconciliationError, match=f"{topic}/3: {complaint}"):
        require_complete(accounts)


def test_a_log_that_is_shorter_than_it_was_is_accounted_for_from_its_beginning(
    landed: Settings, second: tuple[Landed, Checked]
) -> None:
    longer = {place: at + 1_000 for place, at in second[1].next_offsets.items()}

    accounts, _ = accounts_since(landed, Checked(second[1].up_to, longer))

    assert require_complete(accounts).orders >= FIRST
