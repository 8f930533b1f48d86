"""One stack with Airflow for all tests of DAGs, and a place that takes its alarms."""

import json
import threading
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pipeline_support import BROKEN, PIPELINE, RUN_SECONDS, Runs, execute

from fraud_core.settings import Role, Settings
from fraud_local.airflow_api import AirflowApi, airflow_api
from fraud_local.stack import Stack
from fraud_stream.producer.run import produce_orders

ORDERS = 400
LATE_AFTER_MINUTES = 0.02
"""So short that every run is late."""


@pytest.fixture(scope="session")
def alarms() -> Generator[tuple[str, list[Any]]]:
    """The address of a webhook, and what it was told."""
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", told
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def airflow_stack(
    new_stack: Callable[[], Stack], alarms: tuple[str, list[Any]]
) -> Generator[Stack]:
    """A stack of our own with Airflow, where nothing has been built and some orders wait."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NOTIFY_WEBHOOK_URL", alarms[0])
        environment.setenv("PIPELINE_DEADLINE_MINUTES", str(LATE_AFTER_MINUTES))
        stack = new_stack()
        settings = stack.up(only=["kafka", "postgres", "airflow"])
        produce_orders(settings, orders=ORDERS)
        yield stack


@pytest.fixture(scope="session")
def warehouse(airflow_stack: Stack) -> Settings:
    return airflow_stack.settings()


@pytest.fixture(scope="session")
def airflow(warehouse: Settings) -> Generator[AirflowApi]:
    with airflow_api(warehouse, patience_s=RUN_SECONDS) as api:
        api.wait_until_healthy(RUN_SECONDS)
        api.wait_for_dag(PIPELINE, RUN_SECONDS)
        yield api


@pytest.fixture(scope="session")
def first_run(airflow: AirflowApi) -> Runs:
    """The first run, which landed and built everything."""
    pipeline = Runs(airflow)
    pipeline.run()
    return pipeline


@pytest.fixture
def pipeline(airflow: AirflowApi, first_run: Runs) -> Runs:  # noqa: ARG001 - built by then
    return Runs(airflow)


@pytest.fixture
def bad_row(warehouse: Settings, first_run: Runs) -> Iterator[Callable[[], None]]:  # noqa: ARG001 - built by then
    """A line of a basket in the marts has no quantity; what is given mends it."""
    changed = f"update marts.{BROKEN} set quantity = %s where transaction_item_id = %s"
    ((line, quantity),) = execute(
        warehouse,
        Role.DBT,
        f"select transaction_item_id, quantity from marts.{BROKEN} order by 1 limit 1",
    )
    execute(warehouse, Role.DBT, changed, 0, line)

    def mend() -> None:
        execute(warehouse, Role.DBT, changed, quantity, line)

    yield mend
    mend()
