"""The accounting sees what it is there to see."""

import pytest

from tests.chaos.accounting import Account, Place, account
from tests.chaos.publishing import Coordinate
from tests.chaos.traffic import Made

ORDERS = "transactions_raw"
MADE = [
    Made("order", "t-1"),
    Made("order", "t-1"),
    Made("order", "t-1", version=2),
    Made("broken", reason="not_json"),
    Made("label"),
    Made("order", "t-2"),
]
RIGHT = [
    ("transactions_stream", 1, ""),
    ("duplicate_transactions", 0, ""),
    ("dead_letters", 0, "id_conflict"),
    ("dead_letters", 0, "not_json"),
    ("transaction_labels", 3, ""),
    ("transactions_stream", 2, ""),
]
LOG: dict[Coordinate, int] = {(ORDERS, 0, number): number for number in range(len(MADE))}


def places() -> list[Place]:
    """One row for each message, all as they must be; the label is on a partition of its own."""
    return [
        Place(table, (ORDERS, 0, offset), ingest_id, MADE[offset].transaction_id, reason)
        for offset, (table, ingest_id, reason) in enumerate(RIGHT)
    ]


def settled(rows: list[Place], log: dict[Coordinate, int] | None = None) -> Account:
    moved = [row if row.table != "transaction_labels" else _label(row) for row in rows]
    return account(
        {_moved(at): number for at, number in (log or LOG).items()},
        {_moved(at): number for at, number in LOG.items()},
        MADE,
        moved,
    )


def _label(row: Place) -> Place:
    return Place(row.table, _moved(row.at), row.ingest_id)


def _moved(at: Coordinate) -> Coordinate:
    return ("labels", 0, 0) if at[2] == 4 else at


def test_nothing_is_wrong_with_a_ledger_that_is_right() -> None:
    found = settled(places())
    assert (found.faults, found.messages, found.landed, found.dead) == (0, 6, 2, 2)


def test_an_acknowledged_message_in_no_table_is_lost() -> None:
    assert settled(places()[:-1]).lost == 1


def test_two_rows_for_one_message_are_doubled() -> None:
    extra = Place("dead_letters", (ORDERS, 0, 5), 0, "", "not_json")
    assert settled([*places(), extra]).doubled == 1


def test_a_transaction_that_landed_twice_is_doubled() -> None:
    rows = places()
    rows[1] = Place("transactions_stream", (ORDERS, 0, 1), 4, "t-1")
    assert settled(rows).doubled == 1


def test_a_row_that_no_message_explains_is_unaccounted() -> None:
    extra = Place("dead_letters", (ORDERS, 1, 0), 0, "", "not_json")
    assert settled([*places(), extra]).unaccounted == 1


def test_an_acknowledged_message_that_the_broker_lost_is_unaccounted() -> None:
    log = {at: number for at, number in LOG.items() if number != 5}
    assert settled(places(), log).unaccounted > 0


def test_a_message_nobody_heard_of_that_is_in_the_log_must_land_as_well() -> None:
    assert settled(places(), {**LOG, (ORDERS, 0, 9): 3}).unaccounted == 1


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(Place("dead_letters", (ORDERS, 0, 3), reason="wrong_type"), id="reason"),
        pytest.param(Place("duplicate_transactions", (ORDERS, 0, 2)), id="conflict as duplicate"),
    ],
)
def test_a_message_in_the_wrong_place_is_unaccounted(row: Place) -> None:
    rows = places()
    rows[row.at[2]] = row
    assert settled(rows).unaccounted == 1


def test_ids_that_do_not_grow_with_the_offset_are_disordered() -> None:
    rows = places()
    rows[0], rows[5] = (
        Place("transactions_stream", (ORDERS, 0, 0), 2, "t-1"),
        Place("transactions_stream", (ORDERS, 0, 5), 1, "t-2"),
    )
    assert settled(rows).disordered == 1


def test_a_gap_in_the_ids_is_disordered() -> None:
    rows = places()
    rows[5] = Place("transactions_stream", (ORDERS, 0, 5), 9, "t-2")
    assert settled(rows).disordered == 1
