"""DAG files are read as Airflow reads them, with a home of their own and no services."""

import os
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from fraud_core.settings import REPOSITORY

DAGS = REPOSITORY / "airflow" / "dags"
LOGINS = {
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "POSTGRES_HOST": "postgres",
    "CONSUMER_PASSWORD": "secret-of-the-consumer",
    "DBT_PASSWORD": "secret-of-dbt",
    "POSTGRES_PASSWORD": "secret-of-the-owner",
    "AIRFLOW_DB_PASSWORD": "secret-of-airflow",
}


_home = TemporaryDirectory(prefix="airflow-home-")
# When it is first imported, which happens as test files are collected, Airflow reads these and
# writes its configuration to AIRFLOW_HOME; without this, into the developer's home folder.
os.environ.update(
    AIRFLOW_HOME=_home.name,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
)


@pytest.fixture(scope="session")
def load_dags(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Reads all DAG files under given settings, once for each, and returns the DagBag."""
    read: dict[frozenset[tuple[str, str]], Any] = {}
    home = tmp_path_factory.mktemp("home")

    def load(**variables: str) -> Any:
        key = frozenset(variables.items())
        if key not in read:
            read[key] = _read({**LOGINS, "FRAUD_HOME": str(home), **variables})
        return read[key]

    return load


def _read(environment: dict[str, str]) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    with pytest.MonkeyPatch.context() as variables:
        for name, value in environment.items():
            variables.setenv(name, value)
        started = time.perf_counter()
        bag = DagBag(dag_folder=str(DAGS))
    print(f"\nDAG files read in {time.perf_counter() - started:.2f} s")  # noqa: T201 - a figure to look at, not a threshold
    return bag
