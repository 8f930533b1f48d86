"""The pipeline's shape: what follows what, and what each task runs."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fraud_core.settings import REPOSITORY, Settings

LoadDags = Callable[..., Any]
LAYERS = ("raw", "staging", "marts")
MODELS = {
    layer: {file.stem for file in (REPOSITORY / "dbt" / "models" / layer).rglob("*.sql")}
    for layer in LAYERS
}


@pytest.fixture
def pipeline(load_dags: LoadDags) -> Any:
    return load_dags().dags["kafka_streaming_pipeline"]


@pytest.fixture
def in_containers(load_dags: LoadDags) -> Any:
    return load_dags(TASK_RUNNER="docker", TASK_IMAGE="tasks:7", TASK_NETWORK="inside").dags[
        "kafka_streaming_pipeline"
    ]


def boxes(dag: Any, layer: str) -> set[str]:
    return {t.task_id for t in dag.tasks if t.task_id.startswith(f"dbt_{layer}.")} - {
        f"dbt_{layer}.build"
    }


def test_runs_every_five_minutes_and_not_at_once_when_airflow_starts(pipeline: Any) -> None:
    timetable = pipeline.timetable

    assert timetable.expression == "*/5 * * * *"
    assert timetable.run_immediately == timedelta(0)
    assert pipeline.is_paused_upon_creation is False


@pytest.mark.parametrize(
    "given",
    [
        {"full_refresh": "yes"},
        {"models": ["fct_transactions; rm -rf /"]},
        {"models": "fct_transactions"},
        {"wait_seconds": 0},
        {"wait_seconds": "$(reboot)"},
        {"wait_seconds": 90.5},
    ],
)
def test_a_parameter_of_a_wrong_kind_is_refused_before_anything_runs(
    pipeline: Any, given: dict[str, Any]
) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        pipeline.params.update(given)


def test_what_a_parameter_says_stays_within_one_word_of_the_command_line(pipeline: Any) -> None:
    params = {"full_refresh": True, "models": ["dim_customer", "fct_transactions"]}
    build = pipeline.get_task("dbt_marts.build")

    rendered = build.render_template(build.command, {"params": params})

    assert rendered == [
        *("fraud", "pipeline", "build", "--select", "path:models/marts", "--refresh=full"),
        "--only=dim_customer,fct_transactions",
    ]


@pytest.mark.parametrize(
    ("full_refresh", "models", "refresh"),
    [(False, [], "incremental"), (True, [], "full"), (True, ["dim_customer"], "incremental")],
)
def test_seeds_are_only_made_anew_when_every_view_on_them_is(
    pipeline: Any, full_refresh: bool, models: list[str], refresh: str
) -> None:
    seeds = pipeline.get_task("dbt_seeds")
    params = {"full_refresh": full_refresh, "models": models}

    rendered = seeds.render_template(seeds.command, {"params": params})

    assert rendered[-1] == f"--refresh={refresh}"


def test_lineage_goes_from_the_topic_over_landed_orders_to_each_mart(pipeline: Any) -> None:
    made_by = {
        asset.name: [inlet.name for inlet in task.inlets]
        for task in pipeline.tasks
        for asset in task.outlets
    }

    def origins(asset: str) -> set[str]:
        found = made_by.get(asset, [])
        return {asset} if not found else set().union(*(origins(name) for name in found))

    assert "transactions_raw" in origins("vw_customer_fraud_summary")
    for mart in {name for name in MODELS["marts"] if made_by[name]}:  # a calendar reads nothing
        assert "transactions_raw" in origins(mart), mart


def test_a_late_run_raises_an_alarm_after_the_time_of_the_settings(load_dags: LoadDags) -> None:
    dag = load_dags(PIPELINE_DEADLINE_MINUTES="7").dags["kafka_streaming_pipeline"]

    (deadline,) = dag.deadline
    assert deadline.interval == timedelta(minutes=7)
    assert deadline.callback.path == "pipeline_blocks.notifier.OperatorNotifier"


def test_nothing_is_built_before_the_stream_is_drained_and_checked(pipeline: Any) -> None:
    for before, after in (
        ("wait_for_postgres", "run_kafka_consumer"),
        ("run_kafka_consumer", "new_arrivals"),
        ("new_arrivals", "check_raw_transactions"),
        ("check_raw_transactions", "dbt_seeds"),
        ("dbt_seeds", "dbt_raw.build"),
    ):
        assert pipeline.get_task(before).downstream_task_ids == {after}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_model_file_has_a_box_in_its_layer(pipeline: Any, layer: str) -> None:
    assert boxes(pipeline, layer) == {f"dbt_{layer}.{model}" for model in MODELS[layer]}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_box_waits_for_its_layers_build(pipeline: Any, layer: str) -> None:
    for box in boxes(pipeline, layer):
        assert f"dbt_{layer}.build" in pipeline.get_task(box).upstream_task_ids


def test_a_box_waits_for_the_boxes_of_its_layer_that_its_model_reads(pipeline: Any) -> None:
    summary = pipeline.get_task("dbt_marts.vw_customer_fraud_summary")

    assert {"dbt_marts.fct_transactions", "dbt_marts.dim_customer"} <= summary.upstream_task_ids


def test_a_box_behind_a_red_one_still_runs_to_show_that_it_was_skipped(pipeline: Any) -> None:
    for layer in LAYERS:
        for box in boxes(pipeline, layer):
            assert pipeline.get_task(box).trigger_rule == "all_done"


@pytest.mark.parametrize(
    ("layer", "follower"),
    [("raw", "dbt_staging.build"), ("staging", "dbt_marts.build"), ("marts", "all_models_built")],
)
def test_what_follows_a_layer_waits_for_its_build_and_every_box_and_for_no_red_one(
    pipeline: Any, layer: str, follower: str
) -> None:
    task = pipeline.get_task(follower)

    assert task.upstream_task_ids == boxes(pipeline, layer) | {f"dbt_{layer}.build"}
    assert task.trigger_rule == "none_failed"


def test_a_red_box_cannot_hide_behind_skipped_ones_nor_behind_the_report(pipeline: Any) -> None:
    assert {task.task_id for task in pipeline.leaves} == {"all_models_built", "run_report"}


def test_containers_come_from_the_image_and_sit_on_the_network_of_the_settings(
    in_containers: Any,
) -> None:
    task = in_containers.get_task("dbt_raw.build")

    assert (task.image, task.network_mode) == ("tasks:7", "inside")
    assert task.environment["POSTGRES_HOST"] == "postgres"
    assert task.environment["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:9092"


def test_no_password_is_on_a_command_line_in_shown_settings_or_in_the_stored_dag(
    in_containers: Any,
) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    stored = json.dumps(DagSerialization.to_dict(in_containers), default=str)
    shown = [f"{t.command} {t.environment}" for t in in_containers.tasks if hasattr(t, "image")]

    assert "secret-of" not in stored
    assert "secret-of" not in " ".join(shown)


def test_a_container_knows_no_login_that_its_work_does_not_need(in_containers: Any) -> None:
    task = in_containers.get_task("dbt_raw.build")
    secrets = task._private_environment  # pyright: ignore[reportPrivateUsage] - where the operator keeps them

    assert set(secrets) == {"CONSUMER_PASSWORD", "DBT_PASSWORD"}


def test_only_the_step_that_erases_customers_is_told_the_password_of_the_owner(
    load_dags: LoadDags,
) -> None:
    told = {
        task.task_id
        for dag in load_dags(TASK_RUNNER="docker").dags.values()
        for task in dag.tasks
        if "POSTGRES_PASSWORD" in getattr(task, "_private_environment", {})
    }

    assert told == {"erase_requested"}


def test_a_container_is_told_every_setting_but_secrets_and_paths_of_this_host(
    in_containers: Any,
) -> None:
    known = {name.upper() for name in in_containers.get_task("dbt_raw.build").environment}
    plain = {
        name.upper() for name, field in Settings.model_fields.items() if field.default is not None
    }

    assert plain - known == {"FRAUD_HOME", "FRAUD_PROJECT"}
    assert not {name for name in known if "PASSWORD" in name or "SECRET" in name}
