"""Parts that are killed while the pipeline runs: the run goes on, and nothing is done twice."""

import os
import signal
import time

import pytest
from pipeline_support import Runs, execute

from fraud_core.settings import Role, Settings
from fraud_local.airflow import API_SERVER, DAG_PROCESSOR, SCHEDULER
from fraud_local.stack import Stack
from fraud_stream.producer.run import produce_orders

pytestmark = [pytest.mark.integration, pytest.mark.timeout(2400)]

ORDERS = 200
MIDWAY = "dbt_raw.build"
"""The box that runs when a part is killed: orders have landed, and half of the work is to come."""


@pytest.mark.parametrize("part", [SCHEDULER, DAG_PROCESSOR, API_SERVER, "postgres"])
def test_a_run_ends_well_although_a_part_is_killed_in_the_middle_of_it(
    airflow_stack: Stack, pipeline: Runs, warehouse: Settings, part: str
) -> None:
    produce_orders(warehouse, orders=ORDERS)
    pipeline.start()
    wait_until_it_runs(pipeline, MIDWAY)

    os.kill(pid(airflow_stack, part), signal.SIGKILL)

    assert pipeline.follow().state == "success"
    assert set(pipeline.colours().values()) == {"success"}
    ((landed, built, ids),) = execute(
        warehouse,
        Role.DBT,
        "select (select count(*) from raw.transactions_stream), count(*), "
        "count(distinct transaction_id) from marts.fct_transactions",
    )
    assert landed == built == ids


def wait_until_it_runs(pipeline: Runs, task_id: str) -> None:
    give_up = time.monotonic() + 240
    while pipeline.colours().get(task_id) not in {"running", "success"}:
        assert time.monotonic() < give_up
        time.sleep(0.1)


def pid(stack: Stack, part: str) -> int:
    return next(info.pid for info in stack.programs() if info.name == part)
