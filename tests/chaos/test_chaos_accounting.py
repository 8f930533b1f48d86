"""The accounting sees what it is there to see."""

import pytest
from msgspec import structs

from tests.chaos.accounting import Account, Place, account
from tests.chaos.publishing import Coordinate
from tests.chaos.traffic import Made

ORDERS = "transactions_raw"
MADE = [
    Made("order", "t-1"),
    Made("order", "t-1"),
    Made("order", "t-1", version=2),
    Made("broken", reason="not_json"),
    Made("label", "t-1"),
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
        row(offset, table, reason=reason, ingest_id=ingest_id)
        for offset, (table, ingest_id, reason) in enumerate(RIGHT)
    ]


def row(offset: int, table: str, *, reason: str = "", ingest_id: int = 0) -> Place:
    """What the message with that offset is kept as; dead letters do not tell an id."""
    name = "" if table == "dead_letters" else MADE[offset].transaction_id
    return Place(table, (ORDERS, 0, offset), ingest_id, name, reason)


def settled(rows: list[Place], log: dict[Coordinate, int] | None = None) -> Account:
    moved = [structs.replace(place, at=_moved(place.at)) for place in rows]
    return account(
        {_moved(at): number for at, number in (log or LOG).items()},
        {_moved(at): number for at, number in LOG.items()},
        MADE,
        moved,
    )


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
    "wrong",
    [
        pytest.param(row(3, "dead_letters", reason="wrong_type"), id="reason"),
        pytest.param(row(2, "duplicate_transactions"), id="conflict as duplicate"),
        pytest.param(row(1, "dead_letters", reason="id_conflict"), id="duplicate as conflict"),
    ],
)
def test_a_message_in_the_wrong_place_is_unaccounted(wrong: Place) -> None:
    rows = places()
    rows[wrong.at[2]] = wrong
    assert settled(rows).unaccounted == 1


@pytest.mark.parametrize("offset", [1, 4, 5], ids=["duplicate", "label", "order"])
def test_a_row_that_holds_the_id_of_another_is_unaccounted(offset: int) -> None:
    rows = places()
    rows[offset] = structs.replace(rows[offset], transaction_id="t-9")
    assert settled(rows).unaccounted == 1


def test_two_rows_that_hold_each_others_order_are_unaccounted() -> None:
    rows = places()
    rows[0] = structs.replace(rows[0], transaction_id="t-2")
    rows[5] = structs.replace(rows[5], transaction_id="t-1")
    assert settled(rows).unaccounted == 2


def test_an_order_that_is_a_duplicate_of_its_later_copy_is_unaccounted() -> None:
    rows = places()
    rows[0] = row(0, "duplicate_transactions")
    rows[1] = row(1, "transactions_stream", ingest_id=1)
    assert settled(rows).unaccounted == 2


def test_an_order_that_is_in_conflict_with_its_later_change_is_unaccounted() -> None:
    rows = places()
    rows[0] = row(0, "dead_letters", reason="id_conflict")
    rows[1] = row(1, "dead_letters", reason="id_conflict")
    rows[2] = row(2, "transactions_stream", ingest_id=1)
    assert settled(rows).unaccounted == 3


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
