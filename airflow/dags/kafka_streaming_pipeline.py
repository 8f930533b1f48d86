"""**From landed orders to marts: drains the stream, checks it, builds raw, staging and marts.**

*Owner*: fraud-platform. *When*: by hand, or by `POST /api/v2/dags/kafka_streaming_pipeline/dagRuns`
with `{"logical_date": null}`. One run at a time; a run can be repeated at any time, because each
step takes what is new since the last one.

- `wait_for_postgres` waits for the warehouse. Red: Postgres is down or refuses the dbt role; see
  `fraud status`.
- `run_kafka_consumer` waits until every order that had arrived at its start has landed. Red: its
  log names Kafka or Postgres; see `fraud status` and `fraud logs consumer`.
- `check_raw_transactions` compares orders + duplicates + dead letters with what was read. Red: its
  log names the partition that does not add up.
- `dbt_raw`, `dbt_staging` and `dbt_marts` each have a `build`, which builds and tests the layer,
  and one box a model, which shows the result. Red `build`: dbt could not start; its log says why.
  Clear it with *Downstream*.

**A red model box**: its log has the database's message, or each failed test with the query that
finds the offending rows. Mend the data or the model, then *Clear* the box with *Downstream*: it
builds its own model, the boxes behind it follow, and then the layers after it. A skipped box was
not tried, because a model that it reads is red.
"""

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule, chain

from fraud_core.settings import load_settings
from pipeline_blocks.dbt_layer import DbtLayer
from pipeline_blocks.defaults import DEFAULT_ARGS
from pipeline_blocks.steps import step

with DAG(
    dag_id="kafka_streaming_pipeline",
    description="Drain the order stream, check it, build raw, staging and marts",
    doc_md=__doc__,
    tags={"stream", "dbt"},
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    dagrun_timeout=timedelta(hours=2),
    default_args=DEFAULT_ARGS,
):
    settings = load_settings()
    raw, staging, marts = (DbtLayer(settings, layer) for layer in ("raw", "staging", "marts"))

    chain(
        step(
            settings,
            "wait_for_postgres",
            ["pipeline", "wait-for-postgres"],
            execution_timeout=timedelta(minutes=2),
        ),
        step(settings, "run_kafka_consumer", ["consume", "--until-caught-up"]),
        step(
            settings,
            "check_raw_transactions",
            ["pipeline", "check-raw-transactions"],
            execution_timeout=timedelta(minutes=5),
        ),
        raw.first,
    )
    chain(raw.boxes, staging.first)
    chain(staging.boxes, marts.first)
    # The run ends here, so that one red box makes it red even when those behind it are skipped.
    end = EmptyOperator(task_id="all_models_built", trigger_rule=TriggerRule.NONE_FAILED)
    chain(marts.boxes, end)
