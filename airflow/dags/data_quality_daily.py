"""**Checks of the whole platform: one box a check, and a red one names the rows.**

*Owner*: fraud-platform. *When*: at 05:15 UTC, and by hand. The boxes do not depend on each other.

- `stream_complete`: every message read is in exactly one table.
- `source_freshness`: orders keep coming (FRESHNESS_MINUTES); labels come when they come.
- `decisions_complete`: each landed order has its one decision.
- `facts_complete`: the facts hold every order that they have passed, with the decision made.
- `marts_complete`: decisions and customers' totals say the same as the facts.
- `dead_letter_trend`: no day had too many dead letters (DEAD_LETTER_PERCENT).
- `labels_expected`: days old enough have labels (LABELS_EXPECTED_DAYS).
- `whole_history`: data tests that read all of history, which no run of the pipeline makes.
- `feature_parity`: features stored with decisions are what SQL makes of the raw orders (a sample).
- `replay_parity`: the newest hour of orders, replayed, is decided the same.

Red: its log has the rows, the query that finds them, and what to do. Mend it and *Clear* the box.
Skipped: what is to be checked is not there yet.
"""

from datetime import timedelta

from airflow.sdk import DAG

from fraud_core.settings import load_settings
from fraud_local.airflow_pools import BACKGROUND_POOL
from fraud_local.quality.checks import NAMES
from pipeline_blocks.defaults import at, dag_defaults, task_defaults
from pipeline_blocks.steps import step

with DAG(
    dag_id="data_quality_daily",
    description="Freshness, completeness, dead letters, labels, replay parity",
    doc_md=__doc__,
    tags={"quality"},
    schedule=at("15 5 * * *"),
    **dag_defaults(
        BACKGROUND_POOL,
        default_args=task_defaults(BACKGROUND_POOL, retries=1),
    ),
):
    settings = load_settings()
    for name in NAMES:
        step(settings, name, ["quality", name], execution_timeout=timedelta(minutes=20))
