"""The line of progress while messages are sent."""

import pytest
from rich.progress import Task, TaskID

from fraud_local.progress import RateColumn


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
