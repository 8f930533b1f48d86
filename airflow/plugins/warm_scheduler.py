"""Does once, before the scheduler forks its workers, what each task needs or would do again.

Importing dbt takes a second, and its first look at a project another half, for code that it makes
as it goes. A forked task finds both done, and the pools that it takes its slot from. Only the
scheduler does this: the other components load this file as well and would only grow by 100 MB.
"""

import importlib
import logging
import sys

from airflow.plugins_manager import AirflowPlugin

NEEDED_BY_TASKS = (
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.operators.empty",
    "dbt.adapters.postgres",
    "dbt.cli.main",
    "fraud_local.airflow_api",
    "fraud_local.arrivals",
    "fraud_local.build_report",
    "fraud_local.cli",
    "fraud_local.landed",
    "fraud_local.run_report",
    "stamina",
)

log = logging.getLogger(__name__)


class WarmSchedulerPlugin(AirflowPlugin):
    """Adds nothing to Airflow; being loaded is its whole effect."""

    name = "warm_scheduler"

    @classmethod
    def on_load(cls, *_: object, **__: object) -> None:
        """Get ready what tasks need, in the scheduler only.

        A forked task looks like the scheduler and loads plugins again; it has inherited dbt.
        """
        if "scheduler" not in sys.argv[1:2] or "dbt.cli.main" in sys.modules:
            return
        for module in NEEDED_BY_TASKS:
            importlib.import_module(module)
        _make_pools()
        _read_dbt_project()
        sys.stdout.flush()  # what is left in the buffer, each task would print again


def _make_pools() -> None:
    from fraud_local.airflow_pools import make_missing_pools

    make_missing_pools()


def _read_dbt_project() -> None:
    """A project that cannot be read is for the build's box to show, not for the scheduler."""
    from fraud_core.errors import FraudPlatformError
    from fraud_core.settings import load_settings
    from fraud_local.dbt import parse

    try:
        settings = load_settings()
        if settings.task_runner == "local":
            parse(settings)
    except FraudPlatformError as error:
        log.warning("the dbt project is not read ahead: %s", error)
