"""The warehouse's tests look at the rows that an increment brought, and at no others."""

from collections.abc import Callable

import pytest
from erasure_support import Platform
from warehouse_orders import START, plain_order

from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, build

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

FAR = 50_000
"""More than `test_window` in dbt_project.yml."""

READ = "between_mart_customer_days*"


@pytest.fixture
def found(warehouse: Settings) -> Callable[[], int]:
    """How many rows a test finds that says no count is below 0."""

    def run() -> int:
        (node,) = build(warehouse, select=[READ]).nodes
        assert node.status in ("pass", "fail"), node.message
        return node.failures

    return run


def test_a_row_that_only_a_label_touched_is_tested(
    warehouse: Settings,
    land: Callable[..., None],
    build_models: Callable[..., BuildResult],
    found: Callable[[], int],
) -> None:
    old = [plain_order(customer_id=customer) for customer in ("labelled", "let-be")]
    land(old)
    land([plain_order(customer_id="new")], above=FAR)
    build_models("+mart_customer_days")
    Platform(warehouse).ask(
        "update marts.mart_customer_days set rebate_count = -1 where customer_id != 'new'",
        role=Role.DBT,
    )
    untouched = found()

    land([], [(old[0]["transaction_id"], "fraud", "chargeback", None, START)])
    build_models("+mart_customer_days")

    assert (untouched, found()) == (0, 1)
