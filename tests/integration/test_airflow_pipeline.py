"""The DAG in a real Airflow: green, red for exactly one model, cleared, green again."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.airflow_api import AirflowApi, Run, TaskInstance, airflow_api
from fraud_local.stack import Stack
from fraud_stream.producer.run import produce_orders

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

DAG_ID = "kafka_streaming_pipeline"
ORDERS = 400
RUN_SECONDS = 240


@pytest.fixture(scope="module")
def warehouse(new_stack: Callable[[], Stack]) -> Settings:
    """A stack of our own with Airflow, where nothing has been built and some orders wait."""
    settings = new_stack().up(only=["kafka", "postgres", "airflow"])
    produce_orders(settings, orders=ORDERS)
    return settings


@pytest.fixture(scope="module")
def airflow(warehouse: Settings) -> Iterator[AirflowApi]:
    with airflow_api(warehouse) as api:
        api.wait_until_healthy(120)
        api.wait_for_dag(DAG_ID, 60)
        yield api


class Pipeline:
    """Runs of the DAG, and the colours of their boxes."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api
        self.run_id = ""

    def run(self) -> Run:
        self.run_id = self._api.trigger(DAG_ID)
        return self._follow()

    def clear(self, task_id: str) -> Run:
        self._api.clear(DAG_ID, self.run_id, [task_id], downstream=True)
        return self._follow()

    def boxes(self) -> dict[str, TaskInstance]:
        return {task.task_id: task for task in self._api.tasks(DAG_ID, self.run_id)}

    def colours(self) -> dict[str, str | None]:
        return {task_id: box.state for task_id, box in self.boxes().items()}

    def not_green(self) -> dict[str, str | None]:
        return {task: state for task, state in self.colours().items() if state != "success"}

    def log(self, task_id: str) -> str:
        tries = self.boxes()[task_id].try_number
        return self._api.log(DAG_ID, self.run_id, task_id, tries)

    def _follow(self) -> Run:
        return self._api.follow(DAG_ID, self.run_id, lambda _: None, timeout_s=RUN_SECONDS)


@pytest.fixture(scope="module")
def first_run(airflow: AirflowApi) -> Pipeline:
    """The first run, which landed and built everything."""
    pipeline = Pipeline(airflow)
    pipeline.run()
    return pipeline


@pytest.fixture
def pipeline(airflow: AirflowApi, first_run: Pipeline) -> Pipeline:  # noqa: ARG001 - built by then
    return Pipeline(airflow)


def execute(settings: Settings, role: Role, statement: str) -> list[tuple[object, ...]]:
    connection = connect(settings, role, application="tests")
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def orders_of_nobody(warehouse: Settings, first_run: Pipeline) -> Iterator[None]:  # noqa: ARG001 - built by then
    """A customer that has orders is missing in marts.dim_customer, which facts' tests notice."""
    execute(
        warehouse,
        Role.DBT,
        """
        create table marts.taken as
        select * from marts.dim_customer order by customer_id limit 1;
        delete from marts.dim_customer
        where customer_id in (select customer_id from marts.taken)
        """,
    )
    yield
    give_back(warehouse)
    execute(warehouse, Role.DBT, "drop table marts.taken")


def give_back(settings: Settings) -> None:
    execute(
        settings,
        Role.DBT,
        "insert into marts.dim_customer select * from marts.taken on conflict do nothing",
    )


def test_every_order_of_the_topic_is_in_the_marts_and_every_box_is_green(
    first_run: Pipeline, warehouse: Settings
) -> None:
    assert first_run.not_green() == {}
    count = [(ORDERS,)]
    assert execute(warehouse, Role.DBT, "select count(*) from raw.transactions_stream") == count
    assert execute(warehouse, Role.ANALYST, "select count(*) from marts.fct_transactions") == count
    assert "rows written" in first_run.log("dbt_marts.fct_transactions")


@pytest.mark.usefixtures("orders_of_nobody")
def test_a_row_that_breaks_one_model_makes_one_box_red_until_it_is_mended_and_the_box_cleared(
    pipeline: Pipeline, warehouse: Settings
) -> None:
    red = {
        "dbt_marts.fct_transactions": "failed",
        "dbt_marts.vw_customer_fraud_summary": "skipped",
        "all_models_built": "upstream_failed",
    }
    assert pipeline.run().state == "failed"
    assert pipeline.not_green() == red
    log = pipeline.log("dbt_marts.fct_transactions").replace("\\", "")
    assert "test relationships_fct_transactions_customer_id" in log
    assert '"marts"."dim_customer"' in log  # the query that finds the rows

    assert pipeline.clear("dbt_marts.fct_transactions").state == "failed"
    assert pipeline.not_green() == red

    give_back(warehouse)
    assert pipeline.clear("dbt_marts.fct_transactions").state == "success"
    assert pipeline.not_green() == {}
    assert pipeline.boxes()["dbt_marts.build"].try_number == 1
    assert pipeline.boxes()["dbt_marts.fct_transactions"].try_number == 3


def test_a_layer_whose_build_is_cleared_shows_the_new_builds_results(first_run: Pipeline) -> None:
    assert first_run.clear("dbt_marts.build").state == "success"

    assert first_run.boxes()["dbt_marts.fct_transactions"].try_number == 2
    assert "alone" not in first_run.log("dbt_marts.fct_transactions")


def test_rows_that_do_not_add_up_stop_the_run_before_anything_is_built(
    pipeline: Pipeline, warehouse: Settings
) -> None:
    execute(
        warehouse,
        Role.OWNER,
        "update raw.stream_offsets set next_offset = next_offset + 2 "
        "where kafka_partition = 0 and topic = 'transactions_raw'",
    )
    try:
        run = pipeline.run()
    finally:
        execute(
            warehouse,
            Role.OWNER,
            "update raw.stream_offsets set next_offset = next_offset - 2 "
            "where kafka_partition = 0 and topic = 'transactions_raw'",
        )

    assert run.state == "failed"
    assert pipeline.colours()["check_raw_transactions"] == "failed"
    assert pipeline.colours()["dbt_raw.build"] == "upstream_failed"
    assert "transactions_raw/0: 2 missing" in pipeline.log("check_raw_transactions")
