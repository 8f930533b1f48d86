"""What the form of a replay takes, and what it refuses before anything runs."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

LoadDags = Callable[..., Any]


@pytest.fixture
def params(load_dags: LoadDags) -> Any:
    """A copy, because an update that is refused may leave traces."""
    return deepcopy(load_dags().dags["stream_replay"].params)


@pytest.mark.parametrize(
    "given",
    [
        {"target": "publish", "topic": "transactions_raw; rm -rf /"},
        {"target": "everything"},
        {"rules": "/etc/passwd"},
        {"rules": "rules.yml --path=x"},
        {"since": "yesterday"},
        {"since": "2026-01-05"},
        {"until": "2026-01-05T00:00:00"},
        {"first_offset": -2},
        {"speed": -1},
    ],
)
def test_a_parameter_of_a_wrong_kind_is_refused(params: Any, given: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        params.update(given)


@pytest.mark.parametrize(
    "moment",
    [None, "2026-01-05T00:00:00Z", "2026-01-05T00:00:00.000Z", "2026-01-05T00:00:00+00:00"],
)
def test_a_time_is_one_with_its_zone_or_none(params: Any, moment: str | None) -> None:
    params.update({"since": moment})

    assert params["since"] == moment
