"""The DAGs beside the pipeline, run by a real Airflow on what the pipeline built."""

from datetime import timedelta
from typing import Any

import pytest
from landing_support import eventually
from pipeline_support import Runs, execute

from fraud_core.errors import PipelineError
from fraud_core.settings import Role, Settings
from fraud_local.airflow_api import AirflowApi

pytestmark = [pytest.mark.integration, pytest.mark.timeout(2400)]


@pytest.fixture(autouse=True)
def built(first_run: Runs) -> None:
    """The marts are there."""
    assert first_run.now().is_over


def days(settings: Settings) -> list[Any]:
    rows = execute(
        settings, Role.DBT, "select distinct order_date from marts.fct_transactions order by 1 desc"
    )
    return [day for (day,) in rows]


def exported(settings: Settings) -> set[str]:
    folder = settings.fraud_home / "exports" / "transactions"
    return {path.parent.name for path in folder.glob("*/part-0.parquet")}


@pytest.mark.parametrize(
    "dag_id", ["data_quality_daily", "housekeeping", "reference_data_hourly", "stream_replay"]
)
def test_a_run_by_hand_is_green(airflow: AirflowApi, dag_id: str) -> None:
    runs = Runs(airflow, dag_id)

    assert runs.run().state == "success"
    assert set(runs.colours().values()) == {"success"}


def test_an_export_by_hand_is_of_the_day_that_was_asked_for(
    airflow: AirflowApi, warehouse: Settings
) -> None:
    day = days(warehouse)[0]

    assert Runs(airflow, "warehouse_export_daily").run(day=str(day)).state == "success"

    assert f"order_date={day}" in exported(warehouse)


def test_a_backfill_exports_the_day_before_each_of_its_dates(
    airflow: AirflowApi, warehouse: Settings
) -> None:
    wanted = days(warehouse)[1:4]
    first, last = min(wanted) + timedelta(days=1), max(wanted) + timedelta(days=1)

    airflow.backfill("warehouse_export_daily", f"{first}T00:00:00Z", f"{last}T23:59:00Z")

    names = {
        f"order_date={min(wanted) + timedelta(days=n)}" for n in range((last - first).days + 1)
    }
    eventually("every day is exported", lambda: names <= exported(warehouse))


def test_a_replay_by_hand_says_in_its_log_how_many_orders_it_would_decide_differently(
    airflow: AirflowApi,
) -> None:
    runs = Runs(airflow, "stream_replay")

    assert runs.run(partition=0, first_offset=0, end_offset=5).state == "success"

    assert "5 orders" in runs.log("replay")
    assert "0 decided differently" in runs.log("replay")


def test_a_replay_with_a_wrong_parameter_is_refused(airflow: AirflowApi) -> None:
    with pytest.raises(PipelineError, match="400"):
        airflow.trigger("stream_replay", conf={"since": "yesterday"})


def test_a_replay_to_a_live_topic_is_red_at_once(airflow: AirflowApi) -> None:
    runs = Runs(airflow, "stream_replay")

    assert runs.run(target="publish", topic="transaction_labels").state == "failed"

    assert runs.boxes()["replay"].try_number == 1
    assert "topic of the live stream" in runs.log("replay")
