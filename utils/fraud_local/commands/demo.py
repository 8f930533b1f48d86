"""`fraud demo`: the whole way of 20,000 orders, from the producer to the fraud summary."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from fraud_core.errors import PipelineError, StreamError
from fraud_core.settings import Role, Settings, load_settings
from fraud_local.screens import screen

if TYPE_CHECKING:
    from rich.console import Console

    from fraud_local.airflow_api import Run, TaskInstance
    from fraud_local.reconcile import Reconciliation
    from fraud_stream.consumer.batch import Positions

DAG_ID = "kafka_streaming_pipeline"
RUN_SECONDS = 600
_COLOURS = {"success": "green", "failed": "red", "upstream_failed": "red", "skipped": "yellow"}


def register(app: typer.Typer) -> None:
    """Add `fraud demo`."""

    @app.command()
    def demo(  # pyright: ignore[reportUnusedFunction] - typer keeps it
        orders: Annotated[int, typer.Option(min=1, help="How many orders to stream.")] = 20_000,
    ) -> None:
        """Start everything, stream orders, run the DAG and show the fraud summary.

        Exits with 8 unless every produced order is accounted for. The stack goes on running.
        """
        from fraud_core.database import connect
        from fraud_core.kafka_access import KafkaPart
        from fraud_local.demo_report import (
            show_addresses,
            show_counts,
            show_customers,
            show_order,
        )
        from fraud_local.fraud_summary import most_explained_order, riskiest_customers
        from fraud_local.up_progress import up_with_progress
        from fraud_stream.consumer.log import KafkaLog

        out = screen(markup=True, highlight=True)
        out.rule("starting Kafka, Postgres, Airflow and the consumer")
        settings = up_with_progress(load_settings(), out)
        login = settings.kafka_client(KafkaPart.CONSUMER)
        log = KafkaLog(login, settings.kafka_topic_transactions)
        before = log.look().end
        out.rule(f"producing {orders:,} orders")
        acknowledged = _produce(settings, orders, out)
        after = log.look().end
        out.rule(f"running {DAG_ID}")
        _run_dag(settings, out)
        counts = _reconcile(settings, acknowledged, before, after)
        show_counts(out, counts)
        with closing(connect(settings, Role.ANALYST, application="fraud demo")) as analyst:
            show_customers(out, riskiest_customers(analyst))
        with closing(connect(settings, Role.DBT, application="fraud demo")) as reader:
            show_order(out, most_explained_order(reader))
        show_addresses(out, settings)
        counts.require_complete()


def _produce(settings: Settings, orders: int, out: "Console") -> int:
    from fraud_stream.producer.run import produce_orders

    columns = ("orders", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out) as bar:
        task = bar.add_task("orders", total=orders)

        def show(sent: int, _acknowledged: int) -> None:
            bar.update(task, completed=sent)

        summary = produce_orders(settings, orders=orders, progress=show)
    if summary.failed:
        raise StreamError(f"{summary.failed:,} of {summary.produced:,} orders were not delivered")
    return summary.acknowledged


def _run_dag(settings: Settings, out: "Console") -> "Run":
    from fraud_local.airflow_api import airflow_api

    def show(task: "TaskInstance") -> None:
        if task.state in _COLOURS:
            seconds = "" if task.duration is None else f" {task.duration:6.1f} s"
            colour = _COLOURS[task.state]
            out.print(f"  [{colour}]{task.state:15}[/] {task.task_id:45}{seconds}")

    with airflow_api(settings) as api, out.status("waiting for Airflow") as status:
        api.wait_until_healthy(120)
        api.wait_for_dag(DAG_ID, 120)
        run_id = api.trigger(DAG_ID)
        status.update(f"run {run_id}")
        run = api.follow(DAG_ID, run_id, show, timeout_s=RUN_SECONDS)
    if run.state != "success":
        raise PipelineError(
            f"run {run_id} of {DAG_ID} ended as {run.state}: open the red box's log at "
            f"{settings.airflow_url}"
        )
    return run


def _reconcile(
    settings: Settings, acknowledged: int, before: "Positions", after: "Positions"
) -> "Reconciliation":
    from fraud_core.database import connect
    from fraud_local.reconcile import Reconciliation, grown
    from fraud_stream.consumer.ledger import count_between

    with (
        closing(connect(settings, Role.DBT, application="fraud demo")) as reader,
        reader.cursor() as cursor,
    ):
        return Reconciliation(
            acknowledged=acknowledged,
            on_topic=grown(before, after),
            found=count_between(cursor, before, after),
        )
