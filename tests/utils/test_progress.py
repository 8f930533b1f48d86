"""The rate that is shown while messages are sent, and afterwards."""

import pytest
from rich.progress import Task, TaskID

from fraud_local.commands.produce import EXIT_NOT_DELIVERED, report
from fraud_local.progress import RateColumn
from fraud_stream.producer.run import ProduceSummary

HALF_ARRIVED = ProduceSummary(
    produced=100,
    acknowledged=50,
    failed=50,
    errors={},
    orders=100,
    duplicates=0,
    malformed=0,
    labels=0,
    labels_failed=0,
    labels_to_come=0,
    seconds=2.0,
    first_event_at=None,
    last_event_at=None,
)


def task(acknowledged: int, *, start: float | None) -> Task:
    found = Task(
        TaskID(0),
        "producing",
        total=1_000,
        completed=900,
        _get_time=lambda: 110.0,
        fields={"acknowledged": acknowledged},
    )
    found.start_time = start
    return found


@pytest.mark.parametrize(
    ("acknowledged", "start", "shown"),
    [(500, 100.0, "50/s"), (0, 100.0, ""), (500, None, ""), (500, 110.0, "")],
)
def test_the_rate_is_of_what_arrived_in_all_of_the_time(
    acknowledged: int, start: float | None, shown: str
) -> None:
    assert RateColumn().render(task(acknowledged, start=start)).plain == shown


def test_the_report_says_the_same_rate(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        report(HALF_ARRIVED, as_json=False, to_kafka=False)
    assert ended.value.code == EXIT_NOT_DELIVERED
    assert "50 acknowledged, 50 failed, 25/s" in capsys.readouterr().out
