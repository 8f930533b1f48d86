"""The calendar is the same for every reader, whatever zone the reader's session is in."""

from collections.abc import Callable
from contextlib import closing
from datetime import date

import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.dbt import BuildResult

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Apia", "Africa/Cairo"])
def test_a_day_that_the_readers_zone_skipped_keeps_its_name(
    warehouse: Settings, build_models: Callable[..., BuildResult], zone: str
) -> None:
    build_models("dim_date")

    with (
        closing(connect(warehouse, Role.ANALYST, application="tests")) as analyst,
        analyst.cursor() as cursor,
    ):
        cursor.execute("select set_config('timezone', %s, false)", (zone,))
        cursor.execute(
            "select date_day, month_name, weekday_name, month_start, week_start"
            " from marts.dim_date where date_day = '2011-12-30'"
        )
        assert cursor.fetchall() == [
            (date(2011, 12, 30), "December", "Friday", date(2011, 12, 1), date(2011, 12, 26))
        ]
