"""**From landed orders to marts: drains the stream, checks it, builds raw, staging and marts.**

*Owner*: fraud-platform. *When*: every 5 minutes, and by hand with *Trigger*, whose form says what
each parameter does. One run at a time; a run can be repeated at any time, because each step takes
what is new since the last one. A scheduled run that finds nothing new ends after `new_arrivals`.

- `wait_for_postgres` waits for the warehouse. Red: Postgres is down or refuses the dbt role; see
  `fraud status`.
- `run_kafka_consumer` waits until every order that had arrived at its start has landed. Red: its
  log names Kafka or Postgres; see `fraud status` and `fraud logs consumer`.
- `new_arrivals` counts what has landed since the marts were last built. Red: Postgres is down.
- `check_raw_transactions` compares orders + labels + duplicates + dead letters with what was read
  since it was last green; data_quality_daily compares all. Red: its log names the partition that
  does not add up.
- `dbt_seeds`, `dbt_raw`, `dbt_staging` and `dbt_marts` build and test. A layer's `build` does all
  of it at once, and one box a model shows the result. Red `build`: dbt could not start; its log
  says why.
- `all_models_built` does nothing: it is red when a box before it is, and so is the run then.
- `run_report` writes what the run did into its log and into the run's note. It is never red for a
  model's sake.

**A red model box**: its log has the database's message, or each failed test with the query that
finds the offending rows. Mend the data or the model, then *Clear* the box: it builds its own model,
the boxes behind it follow, and then the layers after it. A skipped box was not tried, because a
model that it reads is red, or because the run was asked for other models.

**Late**: a run that is not over in time (PIPELINE_DEADLINE_MINUTES) raises an alarm and goes on.
"""

from datetime import timedelta
from itertools import pairwise

from airflow.sdk import DAG, Param, TriggerRule, chain
from airflow.sdk.definitions.callback import SyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference
from airflow.sdk.definitions.param import ParamsDict

from fraud_core.settings import load_settings
from fraud_local.airflow_pools import PIPELINE_POOL
from pipeline_blocks.assets import landed_asset, topic_asset
from pipeline_blocks.dbt_layer import LAYERS, DbtLayer, layer_models
from pipeline_blocks.defaults import at, dag_defaults
from pipeline_blocks.followers import WithFollowers
from pipeline_blocks.model_box import build_command
from pipeline_blocks.notifier import OperatorNotifier
from pipeline_blocks.run_report import RunReport
from pipeline_blocks.steps import step
from pipeline_blocks.watermark import (
    ARRIVALS_COMMAND,
    CHECK_COMMAND,
    LANDED_ORDERS,
    ArrivalsGate,
    BuiltUpTo,
    LandedCheck,
)

settings = load_settings()
models = sorted(name for layer in LAYERS for name in layer_models(settings.fraud_project, layer))

with DAG(
    dag_id="kafka_streaming_pipeline",
    description="Drain the order stream, check it, build raw, staging and marts",
    doc_md=__doc__,
    tags={"stream", "dbt"},
    schedule=at("*/5 * * * *"),
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(minutes=settings.pipeline_deadline_minutes),
        callback=SyncCallback(OperatorNotifier, kwargs={"what": "is late"}),
        name="late",
    ),
    params=ParamsDict(
        {
            "full_refresh": Param(
                False,
                type="boolean",
                title="Full refresh",
                description="Build every model from all that has landed, not only the new.",
            ),
            "models": Param(
                [],
                type="array",
                title="Models",
                items={"type": "string", "enum": models},
                examples=models,
                uniqueItems=True,
                description="Build these and what hangs on them; none means all.",
            ),
            "wait_seconds": Param(
                600,
                type="integer",
                title="Wait for the stream",
                minimum=1,
                maximum=3600,
                description="Seconds to wait until what had arrived at the start has landed.",
            ),
        }
    ),
    **dag_defaults(PIPELINE_POOL),
):
    layers = [DbtLayer(settings, layer) for layer in LAYERS]
    boxes = [box for layer in layers for box in layer.boxes]
    arrivals = step(
        settings,
        "new_arrivals",
        ARRIVALS_COMMAND,
        kind=ArrivalsGate,
        inlets=[LANDED_ORDERS],
        execution_timeout=timedelta(minutes=5),
    )
    chain(
        step(
            settings,
            "wait_for_postgres",
            ["pipeline", "wait-for-postgres"],
            kind=WithFollowers,
            execution_timeout=timedelta(minutes=2),
        ),
        step(
            settings,
            "run_kafka_consumer",
            ["consume", "--until-caught-up", "--timeout={{ params.wait_seconds }}"],
            kind=WithFollowers,
            execution_timeout=timedelta(minutes=65),
            inlets=[
                topic_asset(settings.kafka_topic_transactions),
                topic_asset(settings.kafka_topic_labels),
            ],
            outlets=[
                landed_asset("transactions_stream"),
                landed_asset("transaction_decisions"),
                landed_asset("transaction_labels"),
            ],
        ),
        arrivals,
        step(
            settings,
            "check_raw_transactions",
            CHECK_COMMAND,
            kind=LandedCheck,
            inlets=[LANDED_ORDERS],
            execution_timeout=timedelta(minutes=5),
        ),
        step(
            settings,
            "dbt_seeds",
            # Made anew, a table takes along the views that stand on it: all of them must follow.
            build_command(
                ["resource_type:seed"], full_when="params.full_refresh and not params.models"
            ),
            kind=WithFollowers,
        ),
        layers[0].first,
    )
    for before, after in pairwise(layers):
        chain(before.tasks, after.first)
    # The run ends here, so that one red box makes it red even when those behind it are skipped.
    built = BuiltUpTo(
        task_id="all_models_built",
        arrivals_task_id=arrivals.task_id,
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    report = RunReport(
        task_id="run_report",
        arrivals_task_id=arrivals.task_id,
        box_task_ids=[box.task_id for box in boxes],
        trigger_rule=TriggerRule.ALL_DONE,
    )
    chain(layers[-1].tasks, built)
    chain(boxes, report)
