"""**Reference data: new and changed customers, shops and products of the marketplace.**

*Owner*: fraud-platform. *When*: seven minutes past each hour, for the hour before. *Backfill* loads
any range of hours; loading an hour again changes nothing, and an old hour never undoes a newer one.

- `load_interval` upserts what was new or changed in the data interval into schema `reference`; the
  first load brings all that was there before. The source is the simulated marketplace of
  MARKETPLACE_SEED. Red: Postgres does not answer; it is tried again by itself, and a missed hour is
  loaded with *Backfill* or by clearing its run.
"""

from datetime import timedelta

from airflow.sdk import DAG

from fraud_core.settings import load_settings
from fraud_local.airflow_pools import BACKGROUND_POOL
from pipeline_blocks.assets import reference_asset
from pipeline_blocks.defaults import at, dag_defaults
from pipeline_blocks.steps import step

SINCE = (
    "{{ (dag_run.data_interval_start or dag_run.run_after - macros.timedelta(hours=1))"
    ".isoformat() }}"
)
UNTIL = "{{ (dag_run.data_interval_end or dag_run.run_after).isoformat() }}"

with DAG(
    dag_id="reference_data_hourly",
    description="Customers, shops and products of the marketplace, as they change",
    doc_md=__doc__,
    tags={"reference"},
    schedule=at("7 * * * *", covers=timedelta(hours=1)),
    **dag_defaults(BACKGROUND_POOL),
):
    step(
        load_settings(),
        "load_interval",
        ["reference", f"--from={SINCE}", f"--to={UNTIL}"],
        execution_timeout=timedelta(minutes=10),
        outlets=[reference_asset()],
    )
