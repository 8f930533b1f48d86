"""Parts that are killed while the pipeline runs: the run goes on, and nothing is done twice."""

import os
import signal
import time

import pytest
from pipeline_support import RUN_SECONDS, Runs, execute

from fraud_core.settings import Role, Settings
from fraud_local.airflow import API_SERVER, DAG_PROCESSOR, SCHEDULER
from fraud_local.stack import Stack
from fraud_stream.producer.run import produce_orders

pytestmark = [pytest.mark.integration, pytest.mark.timeout(2400)]

ORDERS = 200
DURING = {
    "dbt_raw.build": ["postgres"],
    "dbt_staging.build": [API_SERVER, DAG_PROCESSOR],
    "dbt_marts.build": [SCHEDULER],
}
"""Which parts are killed while which box runs: orders have landed, and some work is to come."""


def test_a_run_ends_well_although_every_part_is_killed_in_the_middle_of_it(
    airflow_stack: Stack, pipeline: Runs, warehouse: Settings
) -> None:
    produce_orders(warehouse, orders=ORDERS)
    pipeline.start()
    killed: dict[str, int] = {}
    for box, parts in DURING.items():
        wait_until_it_runs(pipeline, box)
        for part in parts:
            killed[part] = pids(airflow_stack)[part]
            os.kill(killed[part], signal.SIGKILL)

    assert pipeline.follow().state == "success"
    assert set(pipeline.colours().values()) == {"success"}
    ((landed, built, ids),) = execute(
        warehouse,
        Role.DBT,
        "select (select count(*) from raw.transactions_stream), count(*), "
        "count(distinct transaction_id) from marts.fct_transactions",
    )
    assert landed == built == ids
    assert not killed.items() & pids(airflow_stack).items()


def wait_until_it_runs(pipeline: Runs, task_id: str) -> None:
    give_up = time.monotonic() + RUN_SECONDS
    while pipeline.colours().get(task_id) not in {"running", "success"}:
        assert time.monotonic() < give_up
        time.sleep(0.1)


def pids(stack: Stack) -> dict[str, int]:
    return {info.name: info.pid for info in stack.programs()}
