"""The warehouse's own tests find what they are there for."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from warehouse_orders import Order

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult, build, parse

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", autouse=True)
def _some_orders(
    land: Callable[[list[Order]], None],
    an_order: Callable[..., Order],
    build_models: Callable[..., BuildResult],
) -> None:
    items = [{"product_id": f"p{n}", "quantity": 1, "unit_price": n} for n in range(2)]
    land([an_order(amount=amount, device_id="d1", items=items) for amount in (1, 2.5, 0.1)])
    build_models()


@pytest.fixture
def damage(warehouse: Settings) -> Generator[Callable[[str], None]]:
    """Change a model's rows behind dbt's back, until the test is over."""
    damaged: list[str] = []

    def run(*statements: str) -> None:
        with connect(warehouse, Role.DBT, application="tests") as dbt, dbt.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        dbt.close()

    def damage(statement: str) -> None:
        table = statement.split()[2 if statement.startswith("delete from") else 1]
        damaged.append(table)
        run(f"create table {table}_whole as table {table}", statement)

    yield damage
    for table in damaged:
        whole = f"{table}_whole"
        run(f"truncate {table}", f"insert into {table} table {whole}", f"drop table {whole}")


@pytest.mark.parametrize(
    ("statement", "test"),
    [
        (
            "delete from raw.raw_transactions where ingest_id = 1",
            "raw_transactions_hold_every_landed_order",
        ),
        (
            "delete from marts.fct_transactions where ingest_id = 2",
            "fct_transactions_add_up_to_raw",
        ),
        (
            "update marts.fct_transactions set amount = amount + 0.0001 where ingest_id = 2",
            "fct_transactions_add_up_to_raw",
        ),
        (
            "update marts.fct_transactions set local_hour = 24 where ingest_id = 2",
            "between_fct_transactions_local_hour*",
        ),
        (
            "update raw.raw_transactions set currency = null where ingest_id = 2",
            "never_null_raw_transactions*",
        ),
        (
            "update marts.fct_transactions set customer_version_id = 'nobody@then'",
            "relationships_fct_transactions_customer_version_id*",
        ),
        (
            "update marts.dim_customer set valid_from = valid_from + interval '1 day'",
            "fct_transactions_meet_the_version_valid_then",
        ),
        (
            "update marts.dim_customer set is_current = false",
            "dim_customer_versions_leave_no_gap",
        ),
        (
            "update marts.fct_transactions set amount_reporting = amount_reporting * 2",
            "amounts_reporting_follow_the_rates",
        ),
        (
            "update marts.fct_rule_hits set contribution = contribution / 2",
            "fct_rule_hits_add_up_to_scores",
        ),
        (
            "delete from marts.fct_transaction_items where line_number = 2",
            "fct_transaction_items_add_up_to_baskets",
        ),
        (
            "update marts.mart_shop_currencies set loss_reporting = loss_reporting + 1",
            "marts_fold_the_same_journal",
        ),
        (
            "update marts.mart_outcomes_daily set refund_amount_reporting = 1",
            "marts_fold_the_same_journal",
        ),
        (
            "update marts.mart_shop_card_months set chargeback_count = chargeback_count + 1",
            "marts_fold_the_same_journal",
        ),
        (
            "update marts.mart_customer_days set order_count = order_count + 1",
            "marts_by_day_fold_the_same_journal",
        ),
        (
            "update marts.mart_shop_hours set gmv_reporting = gmv_reporting + 1",
            "marts_by_day_fold_the_same_journal",
        ),
        (
            "update marts.mart_product_payment_methods set unit_count = unit_count + 1",
            "marts_of_products_fold_the_same_purchases",
        ),
        (
            "update marts.fct_transactions set discount_reporting = discount_reporting + 1",
            "amounts_reporting_follow_the_rates",
        ),
        (
            "update marts.fct_transaction_items set line_amount_reporting = null",
            "amounts_reporting_follow_the_rates",
        ),
        (
            "update marts.fct_transactions set is_flagged = not is_flagged where ingest_id = 2",
            "facts_carry_the_decisions_of_the_ledger",
        ),
        (
            "update marts.fct_decisions set outcome = 'unheard of' where ingest_id = 2",
            "facts_carry_the_decisions_of_the_ledger",
        ),
        (
            "update marts.dim_customer set customer_country = 'ZZ'",
            "dimensions_end_in_what_is_known_now",
        ),
        (
            "update marts.dim_device set browser = 'another'",
            "dimensions_end_in_what_is_known_now",
        ),
        (
            "delete from marts.dim_device",
            "relationships_fct_transactions_device_id*",
        ),
    ],
)
def test_damage_turns_the_test_red_that_guards_it(
    warehouse: Settings, damage: Callable[[str], None], statement: str, test: str
) -> None:
    before = build(warehouse, select=[test], complete=True)
    damage(statement)

    after = build(warehouse, select=[test], complete=True)

    assert before.is_good
    assert [node.status for node in after.nodes] == ["fail"]
    assert after.nodes[0].failures > 0


def test_a_third_off_in_another_currency_is_no_rate_that_changed(
    warehouse: Settings,
    land: Callable[[list[Order]], None],
    an_order: Callable[..., Order],
    build_models: Callable[..., BuildResult],
) -> None:
    """Of a discount four decimals are kept, and it is converted before it is rounded to them."""
    land([an_order(amount=6.67, currency="GBP", discount_amount=10 / 3)])
    build_models()
    assert build(warehouse, select=["amounts_reporting_follow_the_rates"]).is_good


def test_every_column_that_a_model_makes_is_described(warehouse: Settings) -> None:
    nodes: list[Any] = list(parse(warehouse).nodes.values())
    models = [node for node in nodes if node.resource_type == "model"]
    described = {(model.schema, model.name, column) for model in models for column in model.columns}
    with connect(warehouse, Role.DBT, application="tests") as dbt, dbt.cursor() as cursor:
        cursor.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where (table_schema, table_name) in %s",
            (tuple({(schema, name) for schema, name, _ in described}),),
        )
        made = set(cursor.fetchall())
    dbt.close()

    assert made == described
