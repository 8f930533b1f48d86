"""One stack with Airflow for all tests of DAGs, and a place that takes its alarms."""

import json
import threading
from collections.abc import Callable, Generator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pipeline_support import PIPELINE, Runs, execute

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
    stack = new_stack()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("NOTIFY_WEBHOOK_URL", alarms[0])
        environment.setenv("PIPELINE_DEADLINE_MINUTES", str(LATE_AFTER_MINUTES))
        settings = stack.up(only=["kafka", "postgres", "airflow"])
        produce_orders(settings, orders=ORDERS)
        yield stack


@pytest.fixture(scope="session")
def warehouse(airflow_stack: Stack) -> Settings:
    return airflow_stack.settings()


@pytest.fixture(scope="session")
def airflow(warehouse: Settings) -> Generator[AirflowApi]:
    with airflow_api(warehouse) as api:
        api.wait_until_healthy(240)
        api.wait_for_dag(PIPELINE, 120)
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
    """A decision in the marts has a score that none can have; what is given mends it."""
    changed = "update marts.fct_decisions set score = %s where ingest_id = %s"
    ((ingest_id, score),) = execute(
        warehouse,
        Role.DBT,
        "select ingest_id, score from marts.fct_decisions order by ingest_id limit 1",
    )
    execute(warehouse, Role.DBT, changed, 1.5, ingest_id)

    def mend() -> None:
        execute(warehouse, Role.DBT, changed, score, ingest_id)

    yield mend
    mend()
