"""A voucher campaign goes through the marts, and comes out as plain SQL over its rows has it.

The definitions are the campaign's own: an order with a GMV under 1,000 dong is suspect, and so is
a customer with more than one order with a rebate on a day of Vietnam's calendar.
"""

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extras import execute_values
from warehouse_orders import AS_SENT, Order

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult
from fraud_stream.producer.mapping.replay import Replay
from fraud_stream.producer.mapping.spec import load_mapping

pytestmark = pytest.mark.integration

COLUMNS = ("txn_time", "txn_date", "order_id", "uid", "shop_id", "shop_owner_uid", "gmv", "rebate")

MADE_UP = [
    ("2019-10-30 00:30:00", 1, "ann", 7, 50_000, 20_000),
    ("2019-10-30 23:30:00", 2, "ann", 7, 60_000, 20_000),  # the same day there, another one in UTC
    ("2019-10-31 00:10:00", 3, "bob", 7, 50_000, 20_000),
    ("2019-11-01 23:50:00", 4, "bob", 8, 50_000, 20_000),  # not the same day
    ("2019-11-01 05:00:00", 5, "cat", 8, 999, 0),
    ("2019-11-01 06:00:00", 6, "cat", 9, 1_000, 0),  # on the limit, not below it
    ("2019-11-01 09:00:00", 7, "dan", 9, 70_000, 20_000),
    ("2019-11-01 10:00:00", 8, "dan", 9, 70_000, 0),  # only one of the two has a rebate
]
"""When, order, customer, shop, GMV, rebate."""


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small campaign with an order on each side of every definition."""
    file = tmp_path_factory.mktemp("campaign") / "orders.csv"
    rows = [
        (at, f"{at[:10]} 00:00:00", order, customer, shop, f"owner-{shop}", gmv, rebate)
        for at, order, customer, shop, gmv, rebate in MADE_UP
    ]
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([COLUMNS, *rows])
    return file


@pytest.fixture(scope="module")
def real() -> Path:
    """The marketplace's own file, which does not come with the project."""
    named = os.environ.get("VOUCHER_CAMPAIGN_FILE", "")
    if not named or not Path(named).is_file():
        pytest.skip("VOUCHER_CAMPAIGN_FILE names no file: the campaign's data is not here")
    return Path(named)


@pytest.fixture(scope="module", params=["made_up", "real"])
def file(request: pytest.FixtureRequest) -> Path:
    """The campaign's rows."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def campaign(
    file: Path,
    warehouse: Settings,
    land: Callable[..., None],
    build_models: Callable[..., BuildResult],
) -> Iterator[Any]:
    """A cursor on the marts of a campaign, with its rows beside them as table campaign."""
    land(_orders(file))
    build_models()
    with closing(connect(warehouse, Role.DBT, application="tests")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "create temporary table campaign (at timestamp, day date, order_id text,"
            " customer text, shop text, owner text, gmv numeric, rebate numeric)"
        )
        execute_values(cursor, "insert into campaign values %s", _rows(file))
        yield cursor


def _orders(file: Path) -> list[Order]:
    replay = Replay(file, load_mapping("voucher_campaign"), label_delay=0)
    messages = [value or b"" for batch in replay.batches() for _, value in batch.orders]
    return [{**json.loads(message), AS_SENT: message.decode()} for message in messages]


def _rows(file: Path) -> list[tuple[str, ...]]:
    with file.open(newline="") as rows:
        return [tuple(row[column] for column in COLUMNS) for row in csv.DictReader(rows)]


def _query(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return sorted(cursor.fetchall())


SIZES = {"transaction_data.csv": (4611, 3093, 1385)}
"""Orders, customers and shops of the real campaign, as its makers say."""

OURS = "select transaction_id from marts.vw_orders join campaign on transaction_id = order_id"


def test_the_summary_counts_the_campaigns_orders_customers_and_shops(campaign: Any) -> None:
    summary = _query(
        campaign,
        "select order_count, customer_count, shop_count, gmv, vouchers_used, rebate_amount"
        " from marts.mart_campaign_summary where campaign = 'CAMPAIGN-2019-10'",
    )
    everything = _query(
        campaign,
        "select count(*), count(distinct customer_id), count(distinct merchant_id), sum(amount),"
        " count(*) filter (where discount_amount > 0), sum(discount_amount)"
        " from marts.fct_transactions",
    )
    (landed,) = _query(campaign, f"select count(*) from ({OURS}) as landed")
    (rows,) = _query(campaign, "select count(*) from campaign")

    assert summary == everything
    assert landed == rows


def test_orders_under_a_thousand_dong_make_a_dated_list_of_customers(campaign: Any) -> None:
    suspected = _query(
        campaign,
        "select suspected_on, customer_id, evidence_count, evidence_amount"
        " from marts.mart_suspected_fraud_customers where reason = 'orders_below_limit'"
        " and customer_id in (select customer from campaign)",
    )

    assert suspected == _query(
        campaign,
        "select day, customer, count(*), sum(gmv) from campaign"
        " where gmv < 1000 group by day, customer",
    )
    assert suspected


def test_orders_under_a_thousand_dong_make_a_dated_list_of_shops(campaign: Any) -> None:
    suspected = _query(
        campaign,
        "select suspected_on, merchant_id, evidence_count, evidence_amount"
        " from marts.mart_suspected_fraud_shops where reason = 'orders_below_limit'"
        " and merchant_id in (select shop from campaign)",
    )

    assert suspected == _query(
        campaign,
        "select day, shop, count(*), sum(gmv) from campaign where gmv < 1000 group by day, shop",
    )


def test_customers_with_several_rebates_a_day_make_a_dated_list(campaign: Any) -> None:
    suspected = _query(
        campaign,
        "select suspected_on, customer_id, evidence_count, evidence_amount"
        " from marts.mart_suspected_fraud_customers where reason = 'several_rebates_a_day'"
        " and customer_id in (select customer from campaign)",
    )

    assert suspected == _query(
        campaign,
        "select day, customer, count(*), sum(rebate) from campaign where rebate > 0"
        " group by day, customer having count(*) > 1",
    )
    assert suspected


def test_every_order_customer_and_shop_of_the_campaign_is_there(file: Path, campaign: Any) -> None:
    size = _query(
        campaign,
        "select count(*), count(distinct customer_id), count(distinct merchant_id)"
        f" from marts.vw_orders where transaction_id in ({OURS})",
    )

    assert size == [SIZES.get(file.name, (8, 4, 3))]
