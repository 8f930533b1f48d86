"""The DAG in a real Airflow: green, red for exactly one model, cleared, green again."""

from collections.abc import Callable
from typing import Any

import pytest
from landing_support import eventually
from pipeline_support import BROKEN, PIPELINE, Runs, execute

from fraud_core.errors import PipelineError
from fraud_core.settings import REPOSITORY, Role, Settings
from fraud_local.airflow_api import AirflowApi
from pipeline_blocks.dbt_layer import layer_models

pytestmark = [pytest.mark.integration, pytest.mark.timeout(2400)]


def count(settings: Settings, relation: str) -> int:
    ((rows,),) = execute(settings, Role.DBT, f"select count(*) from {relation}")
    return rows


@pytest.fixture
def behind_it(airflow: AirflowApi) -> set[str]:
    """The boxes of the models that read the broken one, directly or not."""
    follows = airflow.followers(PIPELINE)
    found: set[str] = set()
    waiting = [f"dbt_marts.{BROKEN}"]
    while waiting:
        new = follows[waiting.pop()] - found
        found |= new
        waiting += new
    return found - {"all_models_built", "run_report"}


def test_every_order_of_the_topic_is_in_the_marts_and_every_box_is_green(
    first_run: Runs, warehouse: Settings
) -> None:
    assert set(first_run.colours().values()) == {"success"}
    landed = count(warehouse, "raw.transactions_stream")
    assert count(warehouse, "marts.fct_transactions") == landed > 0
    assert "rows written" in first_run.log("dbt_marts.fct_transactions")


def test_the_run_says_in_its_note_what_it_did(first_run: Runs) -> None:
    models = sum(len(layer_models(REPOSITORY, layer)) for layer in ("raw", "staging", "marts"))

    note = first_run.now().note or ""

    assert "400 new orders" in note
    assert f"models: {models} built, 0 failed, 0 skipped" in note
    assert "slowest: " in note


def test_a_row_that_breaks_one_model_makes_one_box_red_until_it_is_mended_and_the_box_cleared(
    pipeline: Runs, bad_row: Callable[[], None], behind_it: set[str], alarms: tuple[str, list[Any]]
) -> None:
    red = f"dbt_marts.{BROKEN}"

    assert pipeline.run().state == "failed"
    assert pipeline.of_colour("failed") == {red}
    assert pipeline.of_colour("skipped") == behind_it
    assert pipeline.of_colour("upstream_failed") == {"all_models_built"}
    log = pipeline.log(red)
    assert "select" in log  # the query that finds the rows
    assert f'"marts"."{BROKEN}"' in log
    assert f"- {BROKEN}: test " in (pipeline.now().note or "")
    eventually(
        "the failed run is told",
        lambda: any(
            told["run_id"] == pipeline.run_id and told["what"] == "failed" for told in alarms[1]
        ),
    )

    assert pipeline.clear(red).state == "failed"
    assert pipeline.of_colour("failed") == {red}

    bad_row()
    assert pipeline.clear(red).state == "success"
    assert set(pipeline.colours().values()) == {"success"}
    assert pipeline.boxes()["dbt_marts.build"].try_number == 1
    assert pipeline.boxes()[red].try_number == 3
    assert "0 failed" in (pipeline.now().note or "")


def test_a_run_that_is_late_is_told(first_run: Runs, alarms: tuple[str, list[Any]]) -> None:
    eventually(
        "the late run is told",
        lambda: any(
            told["run_id"] == first_run.run_id and told["what"] == "is late" for told in alarms[1]
        ),
    )


def test_only_the_models_asked_for_and_those_behind_them_are_built(pipeline: Runs) -> None:
    assert pipeline.run(models=["vw_customer_fraud_summary"], full_refresh=True).state == "success"

    box = "dbt_marts.vw_customer_fraud_summary"
    assert pipeline.colours()[box] == "success", pipeline.log(box)
    green = {task for task in pipeline.of_colour("success") if task.startswith("dbt_")}
    assert green == {
        "dbt_seeds",
        "dbt_raw.build",
        "dbt_staging.build",
        "dbt_marts.build",
        box,
    }


def test_a_run_with_a_wrong_parameter_is_refused(airflow: AirflowApi) -> None:
    with pytest.raises(PipelineError, match="400"):
        airflow.trigger(PIPELINE, conf={"models": ["x; drop schema marts"]})


def test_rows_that_do_not_add_up_stop_the_run_before_anything_is_built(
    pipeline: Runs, warehouse: Settings
) -> None:
    execute(
        warehouse,
        Role.OWNER,
        "insert into raw.duplicate_transactions select topic, kafka_partition, next_offset, "
        "'never read', now(), now() from raw.stream_offsets "
        "where kafka_partition = 0 and topic = 'transactions_raw'",
    )
    try:
        run = pipeline.run()
    finally:
        execute(
            warehouse,
            Role.OWNER,
            "delete from raw.duplicate_transactions where transaction_id = 'never read'",
        )

    assert run.state == "failed"
    assert pipeline.colours()["check_raw_transactions"] == "failed"
    assert pipeline.colours()["dbt_raw.build"] == "upstream_failed"
    assert "transactions_raw/0: 1 too many" in pipeline.log("check_raw_transactions")


def test_a_task_that_is_cleared_alone_takes_what_follows_with_it(first_run: Runs) -> None:
    assert first_run.clear("dbt_marts.build").state == "success", first_run.troubles()

    assert first_run.boxes()["dbt_marts.fct_transactions"].try_number == 2
    assert "alone" not in first_run.log("dbt_marts.fct_transactions")
