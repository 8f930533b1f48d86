"""`fraud pipeline`: what its options may not say."""

import pytest
from typer.testing import CliRunner

from fraud_core.errors import SettingsError
from fraud_local.cli import app

run = CliRunner().invoke


@pytest.mark.parametrize("checked", ["nonsense", "{}", '{"up_to": "far", "next_offsets": {}}'])
def test_what_no_check_has_said_is_refused_with_the_options_name(checked: str) -> None:
    result = run(app, ["pipeline", "check-raw-transactions", "--checked", checked])
    assert isinstance(result.exception, SettingsError)
    assert f"--checked {checked!r} is not `checked` of a check's result" in str(result.exception)
    assert "leave it out to check everything" in str(result.exception)


def test_arrivals_since_what_is_no_time_are_refused_with_the_options_name() -> None:
    result = run(app, ["pipeline", "arrivals", "--since", "yesterday"])
    assert isinstance(result.exception, SettingsError)
    assert "--since 'yesterday' is no time: give 90m" in str(result.exception)
