"""What a dbt build's results say to each model's box."""

from typing import Any

import pytest

from fraud_core.errors import WarehouseError
from fraud_local.build_report import (
    QUERY_CHARACTERS,
    ModelReport,
    report,
    require_connected,
    require_every_failure_shown,
)
from fraud_local.dbt import BuildResult, NodeResult


def node(name: str, status: str, *, of: str = "", **fields: Any) -> NodeResult:
    known: dict[str, Any] = {"seconds": 0.5, "message": "", "failures": 0, **fields}
    kind = "test" if of else "model"
    return NodeResult(name=name, kind=kind, model=of or name, status=status, **known)


def of(*nodes: NodeResult) -> ModelReport:
    found = report(BuildResult(nodes=nodes)).of_model("dim")
    assert found is not None
    return found


def test_a_model_whose_tests_pass_is_built_with_its_rows_counted() -> None:
    found = of(node("dim", "success", rows=12), node("unique_id", "pass", of="dim"))

    assert (found.outcome, found.rows, found.tests_passed) == ("built", 12, 1)


def test_a_test_that_only_warns_does_not_make_its_model_red() -> None:
    found = of(node("dim", "success"), node("recent", "warn", of="dim", failures=3))

    assert (found.outcome, found.tests_passed) == ("built", 0)
    assert [(test.name, test.failures) for test in found.warned_tests] == [("recent", 3)]


def test_a_model_is_failed_when_one_of_its_tests_found_rows_and_says_the_query() -> None:
    test = node("unique_id", "fail", of="dim", failures=2, query="\nselect id\n")
    found = of(node("dim", "success"), test)

    assert found.outcome == "failed"
    assert [(t.name, t.failures, t.query) for t in found.failed_tests] == [
        ("unique_id", 2, "select id")
    ]


def test_a_model_that_its_unit_test_kept_from_being_built_is_failed_not_skipped() -> None:
    assert of(node("dim", "skipped"), node("casts", "error", of="dim")).outcome == "failed"


def test_a_model_behind_a_failed_one_is_skipped_with_its_tests() -> None:
    found = of(node("dim", "skipped"), node("unique_id", "skipped", of="dim"))

    assert (found.outcome, found.failed_tests) == ("skipped", ())


@pytest.mark.parametrize(
    "said",
    [
        "Compilation Error in model dim\n  The source and target schemas on this incremental model "
        "are out of sync!\n  They can be reconciled in several ways:",
        "Database Error in model dim\n  column later.decided_by does not exist\n  LINE 148:",
        'Database Error in model dim\n  column "decided_by" of relation "dim" does not exist',
    ],
)
def test_a_model_whose_table_has_other_columns_says_what_to_do_after_an_upgrade(said: str) -> None:
    message = of(node("dim", "error", message=said)).message

    assert message.startswith(said)
    assert "*Full refresh*" in message


def test_a_model_that_fails_otherwise_says_only_that() -> None:
    assert of(node("dim", "error", message="division by zero")).message == "division by zero"


def test_a_query_is_cut_to_what_may_travel_through_airflow() -> None:
    test = node("unique_id", "fail", of="dim", query="x" * (QUERY_CHARACTERS + 1))

    assert len(of(node("dim", "success"), test).failed_tests[0].query) == QUERY_CHARACTERS


def test_two_builds_of_the_same_models_can_be_told_apart() -> None:
    result = BuildResult(nodes=(node("dim", "success"),))

    assert report(result).build_id != report(result).build_id


def test_a_failure_that_no_box_would_show_is_an_error() -> None:
    result = BuildResult(nodes=(node("dim", "success"), node("sums", "fail", of="elsewhere")))

    with pytest.raises(WarehouseError, match="sums failed"):
        require_every_failure_shown(result, report(result))


@pytest.mark.parametrize(
    "message",
    [
        "Database Error in model dim\n  server closed the connection unexpectedly\n\tThis probably",
        "terminating connection due to administrator command",
        'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
        "FATAL:  the database system is starting up",
    ],
)
def test_a_model_that_was_cut_off_by_a_restart_of_postgres_is_not_to_blame(message: str) -> None:
    cut = BuildResult(nodes=(node("dim", "error", message=message), node("fct", "skipped")))

    with pytest.raises(WarehouseError, match="Postgres went away while dim was built"):
        require_connected(cut)


def test_a_model_that_postgres_refuses_is_to_blame() -> None:
    wrong = node("dim", "error", message='column "connection" does not exist')

    require_connected(BuildResult(nodes=(wrong,)))

    assert of(wrong).outcome == "failed"
