"""What tests of DAGs in a real Airflow share."""

from contextlib import closing
from typing import Any

from landing_support import eventually

from fraud_core.database import connect
from fraud_core.settings import Role, Settings
from fraud_local.airflow_api import AirflowApi, Run, TaskInstance

PIPELINE = "kafka_streaming_pipeline"
BROKEN = "fct_transaction_items"
"""The model that tests break by one row; others read it, and others read those."""

RUN_SECONDS = 1_200
"""How long a run may take on a machine that has other things to do."""


class Runs:
    """Runs of a DAG, and the colours of their boxes."""

    def __init__(self, api: AirflowApi, dag_id: str = PIPELINE) -> None:
        self._api = api
        self.dag_id = dag_id
        self.run_id = ""

    def start(self, **conf: Any) -> str:
        self.run_id = self._api.trigger(self.dag_id, conf=conf)
        return self.run_id

    def run(self, **conf: Any) -> Run:
        self.start(**conf)
        return self.follow()

    def clear(self, task_id: str, *, downstream: bool = False) -> Run:
        self._api.clear(self.dag_id, self.run_id, [task_id], downstream=downstream)
        return self.follow()

    def follow(self) -> Run:
        return self._api.follow(self.dag_id, self.run_id, _ignore, timeout_s=RUN_SECONDS)

    def begins_again(self) -> None:
        """Wait until a clear has reached a run that was over."""
        eventually("the run begins again", lambda: not self.now().is_over)

    def now(self) -> Run:
        return self._api.run(self.dag_id, self.run_id)

    def boxes(self) -> dict[str, TaskInstance]:
        return {task.task_id: task for task in self._api.tasks(self.dag_id, self.run_id)}

    def colours(self) -> dict[str, str | None]:
        return {task_id: box.state for task_id, box in self.boxes().items()}

    def of_colour(self, colour: str) -> set[str]:
        return {task for task, state in self.colours().items() if state == colour}

    def troubles(self) -> str:
        """For the message of a test: what is red, and the end of its log."""
        red = sorted(self.of_colour("failed") | self.of_colour("up_for_retry"))
        held = sorted(self.of_colour("upstream_failed"))
        return "\n".join([f"held up: {held}", *(f"{box}: {self.log(box)[-3000:]}" for box in red)])

    def log(self, task_id: str) -> str:
        tries = self.boxes()[task_id].try_number
        return self._api.log(self.dag_id, self.run_id, task_id, tries).replace("\\", "")


def _ignore(_: TaskInstance) -> None: ...


def execute(
    settings: Settings, role: Role, statement: str, *parameters: Any
) -> list[tuple[Any, ...]]:
    """Run a statement in a transaction of its own."""
    connection = connect(settings, role, application="tests")
    with closing(connection), connection, connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []
