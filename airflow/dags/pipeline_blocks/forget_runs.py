"""The box that keeps Airflow's own tables and logs small; it always runs beside Airflow."""

from pathlib import Path

from airflow.sdk import BaseOperator, Context
from airflow.sdk.configuration import conf

from fraud_local.airflow_retention import forget_old_parsing, forget_old_runs
from pipeline_blocks.own_api import own_api


class ForgetOldRuns(BaseOperator):
    """Deletes old runs of all DAGs, with their results and logs, and old logs of parsing."""

    def execute(self, context: Context) -> int:  # noqa: ARG002 - Airflow passes it
        """How many runs are forgotten."""
        forget_old_parsing(Path(conf.get("logging", "dag_processor_child_process_log_directory")))
        with own_api() as api:
            return forget_old_runs(api, Path(conf.get("logging", "base_log_folder")))
