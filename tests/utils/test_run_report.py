"""The report of a run: short enough for a note, and it names what went wrong."""

from datetime import UTC, datetime
from typing import Any

from fraud_local.arrivals import Arrivals
from fraud_local.build_report import ModelReport, TestFailure
from fraud_local.run_report import run_report

NEW = Arrivals(
    up_to=40,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    orders=12_345,
    flagged=67,
    labels=8,
    dead_letters=9,
)


def model(name: str, outcome: Any = "built", seconds: float = 1.0, **changes: Any) -> ModelReport:
    known: dict[str, Any] = {"message": "", "rows": 1, "tests_passed": 1, "failed_tests": ()}
    return ModelReport(model=name, outcome=outcome, seconds=seconds, **(known | changes))


def test_it_says_what_arrived_what_was_built_and_what_was_slowest() -> None:
    found = run_report(NEW, [model("a", seconds=0.5), model("b", seconds=2), model("c", "skipped")])

    assert found.splitlines() == [
        "12,345 new orders, 67 of them flagged; 8 labels, 9 dead letters",
        "models: 2 built, 0 failed, 1 skipped",
        "slowest: b 2.0 s, c 1.0 s, a 0.5 s",
    ]


def test_it_names_each_failing_test_with_its_rows() -> None:
    failure = TestFailure("unique_id", "fail", 2, "Got 2 results", "select 1")

    found = run_report(NEW, [model("a", "failed", failed_tests=(failure,), message="INSERT 0 1")])

    assert found.splitlines()[-1] == "- a: test unique_id fail, 2 rows"


def test_it_names_each_test_that_warns_with_its_rows() -> None:
    warning = TestFailure("currencies_have_a_rate", "warn", 2, "Got 2 results", "select 1")

    found = run_report(NEW, [model("a", "built", warned_tests=(warning,))])

    assert found.splitlines()[-1] == "- a: test currencies_have_a_rate warns, 2 rows"


def test_it_says_why_a_model_could_not_be_built() -> None:
    found = run_report(NEW, [model("a", "failed", message="column x does not exist")])

    assert "- a: column x does not exist" in found


def test_many_failures_are_counted_and_not_all_named() -> None:
    failures = tuple(TestFailure(f"t{n}", "fail", 1, "", "") for n in range(9))

    found = run_report(NEW, [model("a", "failed", failed_tests=failures)])

    assert found.splitlines()[-1] == "- and 4 more"


def test_a_run_that_did_not_get_anywhere_says_so() -> None:
    assert "did not get as far" in run_report(None, [])
