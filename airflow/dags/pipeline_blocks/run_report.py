"""The last box of a run: a short report in its log, and as the run's note."""

from collections.abc import Mapping
from typing import Any, cast

import httpx
import msgspec
from airflow.sdk import BaseOperator, Context

from fraud_core.errors import FraudPlatformError
from fraud_local.arrivals import Arrivals
from fraud_local.build_report import ModelReport
from fraud_local.run_report import run_report
from pipeline_blocks.own_api import own_api

NOTE_CHARACTERS = 1000
"""Airflow takes no longer notes."""


class RunReport(BaseOperator):
    """Says what a run did, whatever the colours of its boxes."""

    def __init__(self, *, arrivals_task_id: str, box_task_ids: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.arrivals_task_id = arrivals_task_id
        self.box_task_ids = box_task_ids

    def execute(self, context: Context) -> str:
        """The report's text."""
        given = cast(Mapping[str, Any], context)
        ti = given["ti"]
        arrivals = ti.xcom_pull(task_ids=self.arrivals_task_id)
        pulled = ti.xcom_pull(task_ids=self.box_task_ids, key="report")
        text = run_report(
            None if arrivals is None else msgspec.convert(arrivals, Arrivals),
            [msgspec.convert(value, ModelReport) for value in pulled if value is not None],
        )
        self.log.info("%s", text)
        try:
            with own_api() as api:
                api.write_note(ti.dag_id, ti.run_id, text[:NOTE_CHARACTERS])
        except (FraudPlatformError, httpx.HTTPError) as error:  # the log has the report
            self.log.warning("the run has no note: %s", error)
        return text
