"""What a run of the pipeline did, in a few lines that fit into Airflow's note."""

from collections.abc import Sequence

from fraud_local.arrivals import Arrivals
from fraud_local.build_report import ModelReport

SLOWEST = 3
SHOWN_TESTS = 5


def run_report(arrivals: Arrivals | None, models: Sequence[ModelReport]) -> str:
    """As far as known: arrivals, models by outcome, the slowest, every test that fails or warns."""
    return "\n".join([_arrivals(arrivals), _outcomes(models), *_slowest(models), *_tests(models)])


def _arrivals(found: Arrivals | None) -> str:
    if found is None:
        return "The run did not get as far as looking for new orders."
    return (
        f"{found.orders:,} new orders, {found.flagged:,} of them flagged; {found.labels:,} labels, "
        f"{found.dead_letters:,} dead letters"
    )


def _outcomes(models: Sequence[ModelReport]) -> str:
    counts = {
        outcome: sum(model.outcome == outcome for model in models)
        for outcome in ("built", "failed", "skipped")
    }
    return "models: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


def _slowest(models: Sequence[ModelReport]) -> list[str]:
    order = sorted(models, key=lambda model: -model.seconds)[:SLOWEST]
    return ["slowest: " + ", ".join(f"{m.model} {m.seconds:.1f} s" for m in order)] if order else []


def _tests(models: Sequence[ModelReport]) -> list[str]:
    lines = [
        f"- {m.model}: {m.message}" for m in models if m.outcome == "failed" and not m.failed_tests
    ]
    lines += [
        f"- {model.model}: test {test.name} {test.status}, {test.failures:,} rows"
        for model in models
        for test in model.failed_tests
    ]
    lines += [
        f"- {model.model}: test {test.name} warns, {test.failures:,} rows"
        for model in models
        for test in model.warned_tests
    ]
    more = len(lines) - SHOWN_TESTS
    return lines[:SHOWN_TESTS] + ([f"- and {more} more"] if more > 0 else [])
