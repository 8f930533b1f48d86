"""**Replay the past: send orders again to a topic apart, or decide them anew by other rules.**

*Owner*: fraud-platform. *When*: by hand, with *Trigger*. The live topics and decisions are never
touched: a replay goes to the topic KAFKA_TOPIC_REPLAY or another one of its own (where Kafka checks
rights, its login may write to no other than KAFKA_TOPIC_REPLAY), or into schema `replay`.

- `replay` does it. Target *rescore*: its log has how many orders would be decided differently, and
  by which rules; all decisions are in `replay.decisions`. From source *raw* each decision is made
  on what was known at its moment; from any other source the scorer starts with nothing. Target
  *publish*: its log has how many orders were sent. Skipped: no order is in the range. Red: its log
  says which parameter does not fit, or that Kafka or Postgres does not answer. It is not tried
  again by itself; before you *Clear* it, see what the topic has got: all orders would be sent anew.
  That also happens when the scheduler ends while it is sending, because Airflow then begins it
  again: readers of the topic tell an order that came twice by its `transaction_id`.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param
from airflow.sdk.definitions.param import ParamsDict

from fraud_core.settings import load_settings
from fraud_local.airflow_pools import BACKGROUND_POOL
from pipeline_blocks.assets import landed_asset
from pipeline_blocks.defaults import dag_defaults
from pipeline_blocks.steps import step

MOMENT: dict[str, Any] = {
    "type": ["null", "string"],
    "format": "date-time",  # the form shows a calendar for it; the API does not check it
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$",
}
OFFSET: dict[str, Any] = {"type": "integer", "minimum": -1}

with DAG(
    dag_id="stream_replay",
    description="Send orders of the past to a topic apart, or decide them by other rules",
    doc_md=__doc__,
    tags={"stream", "replay"},
    schedule=None,
    params=ParamsDict(
        {
            "target": Param(
                "rescore",
                enum=["rescore", "publish"],
                title="Target",
                description="rescore: decisions into schema replay. publish: messages to a topic.",
            ),
            "source": Param(
                "raw",
                enum=["raw", "kafka", "parquet", "file"],
                title="Source",
                description="raw: what has landed. kafka: the live topic's log. parquet: an export "
                "of transactions. file: JSON lines.",
            ),
            "since": Param(None, title="From", description="Orders at or after it.", **MOMENT),
            "until": Param(None, title="To", description="Orders before it.", **MOMENT),
            "partition": Param(
                -1, title="Partition", description="Instead of times; -1: none.", **OFFSET
            ),
            "first_offset": Param(-1, title="First offset", **OFFSET),
            "end_offset": Param(-1, title="End offset", description="No more replayed.", **OFFSET),
            "path": Param(
                "", type="string", title="Path", description="With parquet and file: where it is."
            ),
            "rules": Param(
                "",
                type="string",
                pattern=r"^([A-Za-z0-9_][A-Za-z0-9_./-]*\.ya?ml)?$",
                title="Rule set",
                description="Target rescore: a file, from the checkout on; none: those in force.",
            ),
            "topic": Param(
                "",
                type="string",
                pattern=r"^[A-Za-z0-9._-]{0,200}$",
                title="Topic",
                description="Target publish: where to; none: KAFKA_TOPIC_REPLAY.",
            ),
            "speed": Param(
                0,
                type="number",
                minimum=0,
                title="Speed",
                description="Target publish: seconds of event time a second; 0: no pause.",
            ),
        }
    ),
    **dag_defaults(BACKGROUND_POOL, dagrun_timeout=timedelta(hours=6)),
):
    step(
        load_settings(),
        "replay",
        [
            "replay",
            "{{ params.target }}",
            "--source={{ params.source }}",
            "--from={{ params.since or '' }}",
            "--to={{ params.until or '' }}",
            "--partition={{ params.partition }}",
            "--first-offset={{ params.first_offset }}",
            "--end-offset={{ params.end_offset }}",
            "--path={{ params.path }}",
            "{{ '--rules=' ~ params.rules if params.target == 'rescore' else '--topic=' ~ "
            "params.topic }}",
            "{{ '--no-json' if params.target == 'rescore' else '--speed=' ~ params.speed }}",
        ],
        retries=0,  # publishing again would send every order a second time
        execution_timeout=timedelta(hours=5),
        inlets=[landed_asset("transactions_stream"), landed_asset("transaction_labels")],
    )
