"""**Housekeeping: partitions, retention, erasures, snapshots, dead letters, Airflow's own past.**

*Owner*: fraud-platform. *When*: at 02:45 UTC, and by hand; every box can be repeated at any time.

- `make_partitions` makes the partitions that the next orders land in, and leaves those that are
  full to Postgres' autovacuum. Red: the tables were locked by something else for too long; clear
  it.
- `drop_old_orders` drops orders and decisions older than RETENTION_DAYS, by partitions or a month's
  together, as far as the marts are built and alerts are sent. Red: the tables were locked; clear
  it.
- `prune` forgets useless snapshots of scorers and old replays, the bytes of dead letters older than
  RETENTION_DAYS, and personal data of orders that were dropped.
- `erase_requested` erases the customers whom `fraud erase-customer --later` named. Red: its log
  says which request is refused, and why; the others are done. Where it says that POSTGRES_PASSWORD
  is not set, Airflow has no right to erase: `fraud housekeeping erase` does it where the right is.
- `report_dead_letters` counts dead letters, those of the last day and those that nobody dealt with;
  `fraud dead-letters` shows them.
- `forget_old_runs` deletes runs of DAGs that ended a month ago, with their results and logs, and
  what parsing logged before. Red: the API server does not answer, or AIRFLOW_URL or
  AIRFLOW_PASSWORD is not set.

Red: the log says what did not answer; nothing is half done, so clear the box.
"""

from datetime import timedelta

from airflow.sdk import DAG

from fraud_core.settings import load_settings
from fraud_local.airflow_pools import BACKGROUND_POOL
from pipeline_blocks.defaults import at, dag_defaults
from pipeline_blocks.forget_runs import ForgetOldRuns
from pipeline_blocks.steps import step

STEPS = {
    "make_partitions": "make-partitions",
    "drop_old_orders": "drop-old",
    "prune": "prune",
    "report_dead_letters": "dead-letters",
}

with DAG(
    dag_id="housekeeping",
    description="Partitions, retention, erasures, snapshots, dead letters, old runs",
    doc_md=__doc__,
    tags={"housekeeping"},
    schedule=at("45 2 * * *"),
    **dag_defaults(BACKGROUND_POOL),
):
    settings = load_settings()
    for task_id, command in STEPS.items():
        step(settings, task_id, ["housekeeping", command], execution_timeout=timedelta(minutes=15))
    step(
        settings,
        "erase_requested",
        ["housekeeping", "erase"],
        as_owner=True,
        retries=6,  # it does not run while the warehouse is built, which is every five minutes
        retry_delay=timedelta(minutes=1),
        execution_timeout=timedelta(minutes=30),
    )
    ForgetOldRuns(task_id="forget_old_runs")
