"""`fraud consume --reset-breaker`: what it says of a landing that had stopped, or had not."""

from unittest.mock import MagicMock, Mock

import pytest
from typer.testing import CliRunner

from fraud_core import database
from fraud_local.cli import app
from fraud_stream.consumer import breaker


@pytest.mark.parametrize("had_stopped", [True, False])
def test_a_reset_breaker_is_reported_as_json_when_asked(
    monkeypatch: pytest.MonkeyPatch, *, had_stopped: bool
) -> None:
    monkeypatch.setattr(database, "connect", MagicMock())
    monkeypatch.setattr(breaker, "reset", Mock(return_value=had_stopped))

    result = CliRunner().invoke(app, ["consume", "--reset-breaker", "--json"])

    assert (result.exit_code, result.exception) == (0, None)
    assert result.output == f'{{"had_stopped":{str(had_stopped).lower()}}}\n'
