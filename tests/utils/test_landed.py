"""The accounts of what was read and what became of it, partition by partition."""

import msgspec
import pytest

from fraud_core.errors import ReconciliationError
from fraud_local.landed import Landed, PartitionAccount, require_complete


def account(partition: int, *, consumed: int, orders: int, rest: int = 0) -> PartitionAccount:
    return PartitionAccount("orders", partition, orders, 0, rest, rest, consumed)


def test_accounts_that_add_up_are_summed_over_all_partitions() -> None:
    accounts = [account(0, consumed=10, orders=8, rest=1), account(1, consumed=3, orders=3)]

    assert require_complete(accounts) == Landed(11, 0, 1, 1)


def test_a_missing_message_is_an_error_that_names_partition_and_number() -> None:
    accounts = [account(0, consumed=3, orders=3), account(4, consumed=10, orders=7, rest=1)]

    with pytest.raises(ReconciliationError, match="orders/4: 1 missing: 10 were read"):
        require_complete(accounts)


def test_rows_that_no_stored_offset_covers_are_an_error() -> None:
    with pytest.raises(ReconciliationError, match="orders/0: 2 too many"):
        require_complete([account(0, consumed=3, orders=5)])


def test_offsets_without_a_message_are_not_missing_and_hide_nothing_else() -> None:
    ended = PartitionAccount("orders", 2, 6, 0, 0, 0, 10, 4)
    assert require_complete([ended]) == Landed(6, 0, 0, 0)

    lost = msgspec.structs.replace(ended, orders=5)
    with pytest.raises(ReconciliationError, match="orders/2: 1 missing"):
        require_complete([lost])
    with pytest.raises(ReconciliationError, match="orders/2: 1 too many"):
        require_complete([msgspec.structs.replace(ended, orders=11)])


def test_labels_are_accounted_for_on_their_own_topic() -> None:
    labels = PartitionAccount("labels", 0, 0, 4, 0, 0, 4)

    assert require_complete([account(0, consumed=3, orders=3), labels]) == Landed(3, 4, 0, 0)


def test_a_surplus_in_one_partition_does_not_hide_a_loss_in_another() -> None:
    accounts = [account(0, consumed=3, orders=4), account(1, consumed=3, orders=2)]

    with pytest.raises(ReconciliationError, match=r"orders/0.*\n.*orders/1"):
        require_complete(accounts)


@pytest.mark.parametrize("accounts", [[], [PartitionAccount("orders", 0, 0, 0, 0, 5, 5)]])
def test_nothing_landed_is_an_error_that_says_how_to_send_orders(
    accounts: list[PartitionAccount],
) -> None:
    with pytest.raises(ReconciliationError, match="fraud produce"):
        require_complete(accounts)


def test_that_nothing_has_landed_since_an_earlier_check_is_no_error() -> None:
    accounts = [account(0, consumed=0, orders=0)]

    assert require_complete(accounts, may_be_none=True) == Landed(0, 0, 0, 0)
