"""The scoreboard's figures come from Postgres alone."""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.scoreboard import Asked, Scoreboard, Story, read_scoreboard

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_tables")]


class Ledger:
    """Lands orders with their decisions and labels, one second apart."""

    def __init__(self, settings: Settings) -> None:
        self._connection = connect(settings, Role.OWNER, application="tests")
        self._connection.autocommit = True
        self._ingested = 0
        self._labels = 0

    def order(self, name: str, outcome: str, rule_set: str = "v1") -> None:
        self._ingested += 1
        at = f"2026-01-01 00:00:{self._ingested:02}+00"
        self._execute(
            "insert into raw.transactions_stream values (%s,'t',0,%s,%s,'c',%s,%s,'{}')",
            (self._ingested, self._ingested, name, at, at),
        )
        self._execute("insert into raw.transaction_keys values (%s,%s)", (name, self._ingested))
        self._execute(
            "insert into raw.transaction_decisions values "
            "(%s,%s,%s,'none',%s,0.5,'','{}','[]','{}','[]','[]','[]','[]',%s)",
            (self._ingested, name, rule_set, outcome, at),
        )

    def label(self, name: str, label: str, source: str, reason: str) -> None:
        self._labels += 1
        self._execute(
            "insert into raw.transaction_labels (ingest_id, topic, kafka_partition, kafka_offset,"
            " transaction_id, label, source, reason, labelled_at, received_at)"
            " values (%s,'l',0,%s,%s,%s,%s,%s,now(),now())",
            (self._labels, self._labels, name, label, source, reason),
        )

    def close(self) -> None:
        self._connection.close()

    def _execute(self, statement: str, values: tuple[Any, ...]) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)


BY_V1 = ("try-1", "everyday-1", "try-2")


@pytest.fixture
def ledger(settings: Settings) -> Generator[Ledger]:
    ledger = Ledger(settings)
    yield ledger
    ledger.close()


@pytest.fixture
def found(settings: Settings, ledger: Ledger) -> Scoreboard:
    """Four tries of card testing, the third and fourth caught; a traveller; three everyday orders.

    The second rule set decided from the fourth order on.
    """
    for name, outcome in (
        ("try-1", "approve"),
        ("everyday-1", "review"),
        ("try-2", "approve"),
        ("try-3", "review"),
        ("try-4", "decline"),
        ("trip-1", "approve"),
        ("everyday-2", "approve"),
        ("disputed", "decline"),
    ):
        ledger.order(name, outcome, "v1" if name in BY_V1 else "v2")
    for name in ("try-1", "try-2", "try-3", "try-4", "not-landed"):
        ledger.label(name, "fraud", "injected", "card_testing")
    ledger.label("try-4", "fraud", "injected", "card_testing")
    ledger.label("try-4", "fraud", "chargeback", "disputed")
    ledger.label("trip-1", "legitimate", "injected", "traveller")
    ledger.label("disputed", "fraud", "chargeback", "disputed")
    return read_scoreboard(settings)


def test_an_attack_has_recall_and_the_time_to_its_first_flag(found: Scoreboard) -> None:
    assert found.attacks == (
        Story(
            name="card_testing",
            orders=4,
            caught=2,
            declined=1,
            share_caught=0.5,
            orders_to_first_flag=2,
            seconds_to_first_flag=3.0,
        ),
    )


def test_a_lookalike_that_was_let_through_was_never_flagged(found: Scoreboard) -> None:
    (traveller,) = found.lookalikes
    assert (traveller.name, traveller.share_caught) == ("traveller", 0.0)
    assert traveller.orders_to_first_flag is None


def test_precision_goes_by_the_simulations_truth_and_by_nothing_else(found: Scoreboard) -> None:
    """A chargeback alone makes no fraud of an order."""
    assert (found.flagged, found.precision) == (4, 0.5)
    assert (found.declined, found.decline_precision) == (2, 0.5)
    assert (found.orders, found.fraud, found.has_truth) == (8, 4, True)


def test_everyday_orders_are_those_of_no_story(found: Scoreboard) -> None:
    assert (found.everyday, found.everyday_flagged) == (3, 2)


def test_what_each_rule_set_decided_is_judged_apart(settings: Settings, found: Scoreboard) -> None:
    first, second, none = (
        read_scoreboard(settings, Asked(rule_set=version)) for version in ("v1", "v2", "v3")
    )

    assert found.orders == first.orders + second.orders
    assert (first.orders, first.fraud, first.flagged, first.precision) == (3, 2, 1, 0.0)
    assert first.attacks[0].orders_to_first_flag is None
    assert (second.orders, second.fraud, second.flagged, second.precision) == (5, 2, 3, 2 / 3)
    assert second.attacks[0].orders_to_first_flag == 0
    assert (none.orders, none.attacks, none.has_truth) == (0, (), True)


def test_a_span_of_event_time_has_its_begin_and_not_its_end(
    settings: Settings, found: Scoreboard
) -> None:
    since, until = (datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in (2, 4))

    between = read_scoreboard(settings, Asked(since=since, until=until))

    assert (between.orders, between.fraud, between.flagged) == (2, 1, 1)
    assert read_scoreboard(settings, Asked(until=since)).orders == 1
    assert read_scoreboard(settings, Asked(since=until)).orders == found.orders - 3


def test_without_the_simulations_truth_nothing_is_called_right_or_wrong(
    settings: Settings, ledger: Ledger
) -> None:
    ledger.order("disputed", "decline")
    ledger.label("disputed", "fraud", "chargeback", "disputed")

    found = read_scoreboard(settings)

    assert (found.has_truth, found.flagged, found.fraud) == (False, 1, 0)
    assert (found.precision, found.decline_precision) == (None, None)


def test_labels_of_orders_that_have_not_landed_are_counted(found: Scoreboard) -> None:
    assert found.labels_without_decision == 1


def test_with_nothing_landed_there_is_nothing_to_judge(settings: Settings) -> None:
    empty = read_scoreboard(settings)
    assert (empty.orders, empty.attacks, empty.precision) == (0, (), None)
