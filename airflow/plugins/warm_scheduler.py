"""Imports what tasks need before the scheduler forks its workers, once instead of once a task.

`import dbt.cli.main` takes a second; a forked task finds it done. Only the scheduler does it: the
other components load this file as well and would only grow by 100 MB.
"""

import importlib
import sys

from airflow.plugins_manager import AirflowPlugin

NEEDED_BY_TASKS = (
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.operators.empty",
    "dbt.adapters.postgres",
    "dbt.cli.main",
    "fraud_local.build_report",
    "fraud_local.cli",
    "fraud_local.landed",
    "stamina",
)


class WarmSchedulerPlugin(AirflowPlugin):
    """Adds nothing to Airflow; being loaded is its whole effect."""

    name = "warm_scheduler"

    @classmethod
    def on_load(cls, *_: object, **__: object) -> None:
        """Import the modules, in the scheduler only."""
        if "scheduler" in sys.argv[1:2]:
            for module in NEEDED_BY_TASKS:
                importlib.import_module(module)
