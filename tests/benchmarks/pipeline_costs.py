"""What a run of the pipeline costs beside a bare `dbt build` of the same models, taken in turn.

    python -m tests.benchmarks.pipeline_costs --landed 200000 --new 10000 --rounds 2

Starts a stack of its own. Look at the ratios: the times themselves depend on what else runs.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

from fraud_core.settings import Settings
from fraud_local.airflow import NAMES, SCHEDULER
from fraud_local.airflow_api import AirflowApi, airflow_api
from fraud_local.dbt import dbt_environment
from fraud_local.ports import USUAL
from fraud_local.stack import Stack
from fraud_stream.consumer.catch_up import until_caught_up
from fraud_stream.producer.run import produce_orders
from tests.benchmarks.own_stack import as_shipped, end_on_sigterm

DAG_ID = "kafka_streaming_pipeline"
HOUR = 3600


class Cost(NamedTuple):
    """Seconds of wall, and of CPU: of the tasks or of `dbt`, and of Airflow as a whole."""

    wall: float
    work: float
    airflow: float = 0.0


def main() -> None:
    """Print a line a round, then the ratios of the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landed", type=int, default=200_000)
    parser.add_argument("--new", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with _stack() as stack, airflow_api(stack.settings()) as api:
        settings = stack.settings()
        api.wait_until_healthy(HOUR)
        api.wait_for_dag(DAG_ID, HOUR)
        api.pause(DAG_ID, paused=True)  # no scheduled run in between
        _land(settings, wanted.landed)
        _dbt_build(settings)
        runs: list[Cost] = []
        builds: list[Cost] = []
        for _ in range(wanted.rounds):
            _land(settings, wanted.new)
            builds.append(_dbt_build(settings))
            _land(settings, wanted.new)
            runs.append(_dag_run(api, stack))
            print(f"dbt build {builds[-1]}, run {runs[-1]}", flush=True)  # noqa: T201
        _report(runs, builds)


@contextmanager
def _stack() -> Generator[Stack]:
    end_on_sigterm()
    home = Path(tempfile.mkdtemp(prefix="fraud-pipeline-costs-"))
    home.chmod(0o711)
    ports = {part: port + 25_000 for part, port in USUAL.items()}
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)
    stack = Stack(as_shipped(fraud_home=home), usual_ports=ports)
    try:
        stack.up(only=["kafka", "postgres", "airflow"])
        yield stack
    finally:
        stack.down()
        shutil.rmtree(home)


def _land(settings: Settings, orders: int) -> None:
    produce_orders(settings, orders=orders)
    until_caught_up(settings, timeout_seconds=HOUR)


def _dbt_build(settings: Settings) -> Cost:
    """The command, without unit tests, as the pipeline builds."""
    dbt = Path(sys.executable).with_name("dbt")
    before, began = _children(), time.monotonic()
    done = subprocess.run(
        [dbt, "build", "--exclude-resource-type", "unit_test"],
        env={**os.environ, **dbt_environment(settings)},
        cwd=settings.fraud_project / "dbt",
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stdout[-3000:])
    return Cost(time.monotonic() - began, _children() - before)


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _dag_run(api: AirflowApi, stack: Stack) -> Cost:
    tasks, airflow = _airflow_cpu(stack)
    run_id = api.trigger(DAG_ID)
    api.pause(DAG_ID, paused=False)
    run = api.follow(DAG_ID, run_id, lambda _: None, timeout_s=HOUR)
    api.pause(DAG_ID, paused=True)
    if run.state != "success" or run.start_date is None or run.end_date is None:
        sys.exit(f"the run ended as {run.state}")
    tasks_after, airflow_after = _airflow_cpu(stack)
    wall = (run.end_date - run.start_date).total_seconds()
    return Cost(wall, tasks_after - tasks, airflow_after - airflow)


def _airflow_cpu(stack: Stack) -> tuple[float, float]:
    """Of the tasks, which are children of the scheduler's workers; and of all of Airflow."""
    pids = {info.name: info.pid for info in stack.programs() if info.name in NAMES}
    tasks = sum(
        times.children_user + times.children_system
        for worker in psutil.Process(pids[SCHEDULER]).children()
        for times in [worker.cpu_times()]
    )
    everything = 0.0
    for pid in pids.values():
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            times = process.cpu_times()
            everything += times.user + times.system + times.children_user + times.children_system
    return tasks, everything


def _report(runs: list[Cost], builds: list[Cost]) -> None:
    run, build = (
        Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))
        for costs in (runs, builds)
    )
    print(f"wall: {run.wall:.1f} s / {build.wall:.1f} s = {run.wall / build.wall:.2f}")  # noqa: T201
    print(f"CPU of tasks: {run.work:.1f} / {build.work:.1f} = {run.work / build.work:.2f}")  # noqa: T201
    print(f"CPU of all of Airflow: {run.airflow:.1f} s")  # noqa: T201


if __name__ == "__main__":
    main()
