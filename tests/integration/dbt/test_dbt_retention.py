"""What is learned of an order after retention has dropped it from the ledger."""

from collections.abc import Callable

import pytest
from erasure_support import Platform
from warehouse_orders import START, plain_order

from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_a_late_chargeback_counts_for_every_rule_that_had_fired(
    warehouse: Settings, land: Callable[..., None], build_models: Callable[..., BuildResult]
) -> None:
    platform = Platform(warehouse)
    order = plain_order()
    land([order, plain_order()])
    build_models("+mart_rule_cohorts")
    for table in ("transaction_decisions", "transactions_stream"):
        platform.ask(f"delete from raw.{table} where transaction_id = %s", order["transaction_id"])

    land([], [(order["transaction_id"], "fraud", "chargeback", None, START)])
    build_models("+mart_rule_cohorts")

    counts = "select mode, hit_count, confirmed_fraud_count from marts.mart_rule_cohorts order by 1"
    assert platform.ask(counts, role=Role.DBT) == [
        ("active", 2, 1),
        ("all", 2, 1),
        ("shadow", 2, 1),
    ]
