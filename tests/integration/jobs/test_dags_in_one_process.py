"""Every DAG from its first box to its last in one process, by `dag.test()`, on real services."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from fraud_core.settings import REPOSITORY, Settings

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

DAGS = REPOSITORY / "airflow" / "dags"
DAG_IDS = sorted(file.stem for file in DAGS.glob("*.py"))
NEEDS_THE_API = "forget_old_runs"
"""The one box that asks Airflow's API server, which is not there: it is passed over."""

SCRIPT = f"""
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.models.taskinstance import TaskInstance
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from sqlalchemy import select
initdb()
dags = DagBag(dag_folder={str(DAGS)!r}).dags
for dag_id in {DAG_IDS!r}:
    dags[dag_id].deadline = None  # 3.3.2 looks up at the end what only a deployed DAG has stored
    run = dags[dag_id].test(mark_success_pattern={NEEDS_THE_API!r})
    with create_session() as session:
        boxes = session.scalars(select(TaskInstance).where(TaskInstance.run_id == run.run_id))
        states = {{box.task_id: box.state for box in boxes}}
    print(json.dumps([dag_id, run.state, states]), file=sys.stderr, flush=True)
"""


@pytest.fixture(scope="module")
def outcomes(
    platform: Settings, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[str, dict[str, str]]]:
    """How each run ended, and each of its boxes. Airflow's own tables are in a file."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **variables(platform), **airflow(tmp_path_factory.mktemp("airflow"))},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith('["')]
    assert len(lines) == len(DAG_IDS), done.stdout[-3000:] + done.stderr[-3000:]
    return {dag_id: (state, boxes) for dag_id, state, boxes in lines}


def variables(settings: Settings) -> dict[str, str]:
    """The settings as a process is told them."""
    values: dict[str, Any] = {name: getattr(settings, name) for name in Settings.model_fields}
    return {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in values.items()
        if value is not None
    }


def airflow(home: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join([str(DAGS), os.environ.get("PYTHONPATH", "")]),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }


@pytest.mark.parametrize("dag_id", DAG_IDS)
def test_a_dag_is_green_from_its_first_box_to_its_last(
    outcomes: dict[str, tuple[str, dict[str, str]]], dag_id: str
) -> None:
    state, boxes = outcomes[dag_id]

    assert (state, set(boxes.values())) == ("success", {"success"})
