"""Up to where the marts are built, and what has landed is checked, remembered from run to run.

Both are kept beside the asset of landed orders. A scheduled run that finds nothing new to build
skips everything else; a run that somebody started by hand builds in any case.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import DownstreamTasksSkipped

from fraud_local.arrivals import Arrivals
from pipeline_blocks.assets import landed_asset
from pipeline_blocks.followers import WithFollowers

LANDED_ORDERS = landed_asset("transactions_stream")
BUILT_UP_TO = "built_up_to"
BUILT_AT = "built_at"
CHECKED = "checked"

ARRIVALS_COMMAND = [
    "pipeline",
    "arrivals",
    f"--after={{{{ asset_state_store.get('{BUILT_UP_TO}', 0) }}}}",
    f"--since={{{{ asset_state_store.get('{BUILT_AT}', '') }}}}",
]
"""What is new since the last run whose models were all built; a run of a few models does not count.
"""

CHECK_COMMAND = [
    "pipeline",
    "check-raw-transactions",
    f"--checked={{{{ asset_state_store.get('{CHECKED}', '') }}}}",
]
"""What has landed since the last check that found nothing wrong; data_quality_daily checks all."""


class ArrivalsGate(WithFollowers):
    """Looks for what is new, and ends a scheduled run early when there is nothing."""

    def work(self, context: Context) -> Any:
        """What has arrived."""
        given = cast(Mapping[str, Any], context)
        found = super().work(context)
        if given["dag_run"].run_type == "scheduled" and msgspec.convert(found, Arrivals).is_nothing:
            self.log.info("nothing is new since the last run that built everything")
            raise DownstreamTasksSkipped(tasks=sorted(self.get_flat_relative_ids(upstream=False)))
        return found


class BuiltUpTo(BaseOperator):
    """Reached when every model is built: moves the watermark, unless only some were asked for."""

    def __init__(self, *, arrivals_task_id: str, **kwargs: Any) -> None:
        super().__init__(inlets=[LANDED_ORDERS], **kwargs)
        self.arrivals_task_id = arrivals_task_id

    def execute(self, context: Context) -> None:
        """Remember what this run's arrivals said."""
        given = cast(Mapping[str, Any], context)
        if given["params"]["models"]:
            return
        found = msgspec.convert(given["ti"].xcom_pull(task_ids=self.arrivals_task_id), Arrivals)
        given["asset_state_store"].set(BUILT_UP_TO, found.up_to)
        given["asset_state_store"].set(BUILT_AT, found.at.isoformat())


class LandedCheck(WithFollowers):
    """Checks what has landed, and remembers how far it got."""

    def work(self, context: Context) -> Any:
        """What the check counted."""
        found = super().work(context)
        store = cast(Mapping[str, Any], context)["asset_state_store"]
        store.set(CHECKED, json.dumps(found["checked"]))
        return found["landed"]
