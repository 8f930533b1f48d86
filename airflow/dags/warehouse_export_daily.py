"""**A day of the warehouse as Parquet files: facts, decisions and the dimensions that they name.**

*Owner*: fraud-platform. *When*: half an hour after midnight UTC, for the day in which its data
interval begins. *Backfill* over a range of dates makes the files of the days before those dates;
running a day again replaces its files by the same ones. By hand: name the day. Orders that came
late are not left out: earlier days that orders landed for on that day are exported again.

- `export_day` writes `<data set>/order_date=<day>/part-0.parquet` under EXPORT_URL, each replaced
  in one step, and compares the rows in the files with those in Postgres. Skipped: the marts were
  never built. Red: its log says whether the day's orders are still to be built (then it is tried
  again by itself; see `kafka_streaming_pipeline`), the target takes no files, or a column no longer
  fits the exported schema.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param
from airflow.sdk.definitions.param import ParamsDict

from fraud_core.settings import load_settings
from fraud_local.airflow_pools import BACKGROUND_POOL
from pipeline_blocks.assets import export_asset, model_asset
from pipeline_blocks.defaults import at, dag_defaults
from pipeline_blocks.steps import step

DAY = (
    "{{ params.day or "
    "(dag_run.data_interval_start or dag_run.run_after - macros.timedelta(days=1))"
    ".strftime('%Y-%m-%d') }}"
)

with DAG(
    dag_id="warehouse_export_daily",
    description="A day of facts, decisions and dimensions as partitioned Parquet",
    doc_md=__doc__,
    tags={"export", "warehouse"},
    schedule=at("30 0 * * *", covers=timedelta(days=1)),
    params=ParamsDict(
        {
            "day": Param(
                None,
                type=["null", "string"],
                format="date",
                title="Day",
                description="Day of order time in UTC; none: the day before the run.",
            )
        }
    ),
    **dag_defaults(BACKGROUND_POOL),
):
    step(
        load_settings(),
        "export_day",
        ["export", f"--day={DAY}", "--late"],
        retries=6,
        retry_delay=timedelta(minutes=1),
        max_retry_delay=timedelta(minutes=10),
        inlets=[
            model_asset(name)
            for name in (
                "fct_transactions",
                "fct_decisions",
                "dim_customer",
                "dim_merchant",
                "dim_device",
            )
        ],
        outlets=[export_asset()],
    )
